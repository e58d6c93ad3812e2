/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Who sends, and under which host names. */
@NullMarked
package io.spanmill.ingest.auth;

import org.jspecify.annotations.NullMarked;
