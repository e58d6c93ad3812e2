/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The fold: calls into partials, partials into cumulative rows; knows nothing of Streams. */
@NullMarked
package io.spanmill.aggregator.rollup;

import org.jspecify.annotations.NullMarked;
