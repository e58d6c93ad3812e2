/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

/**
 * A row that ClickHouse refuses whatever it is sent with.
 *
 * @param partition of the sink's topic
 * @param offset of the record it came from
 * @param reason ClickHouse's, or ours
 */
record PoisonRow(String table, int partition, long offset, String reason) {}
