/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of the sinks against a real broker and a real ClickHouse. */
@NullMarked
package io.spanmill.aggregator.sink;

import org.jspecify.annotations.NullMarked;
