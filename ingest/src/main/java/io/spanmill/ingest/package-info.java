/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The receiver: one service, wired here. */
@NullMarked
package io.spanmill.ingest;

import org.jspecify.annotations.NullMarked;
