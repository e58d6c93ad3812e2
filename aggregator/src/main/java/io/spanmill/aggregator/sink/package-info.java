/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Writes the topics into ClickHouse: calls, rollups, spans. */
@NullMarked
package io.spanmill.aggregator.sink;

import org.jspecify.annotations.NullMarked;
