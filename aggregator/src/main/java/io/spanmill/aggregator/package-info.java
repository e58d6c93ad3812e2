/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The aggregator put together: the rollup job, the sinks and what watches over them. */
@NullMarked
package io.spanmill.aggregator;

import org.jspecify.annotations.NullMarked;
