/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The query API against real servers: its answers beside sums made the plain way. */
@NullMarked
package io.spanmill.query;

import org.jspecify.annotations.NullMarked;
