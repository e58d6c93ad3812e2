/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** How long the query API takes, and what it reads, over a month of traffic. */
@NullMarked
package io.spanmill.benchmarks.query;

import org.jspecify.annotations.NullMarked;
