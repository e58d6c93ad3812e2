/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The receiver against a real broker. */
@NullMarked
package io.spanmill.ingest;

import org.jspecify.annotations.NullMarked;
