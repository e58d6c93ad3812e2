/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a range and what it is read from.
 *
 * @param window the windows that tile it, or null for the rows of {@code calls}
 */
record Segment(@Nullable WindowKind window, long fromMs, long toMs) {}
