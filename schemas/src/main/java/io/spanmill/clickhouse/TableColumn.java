/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

/**
 * A column as the server knows it.
 *
 * @param type ClickHouse's spelling, e.g. {@code LowCardinality(String)}
 * @param hasDefault whether inserts may leave it out on purpose
 */
public record TableColumn(String name, String type, boolean hasDefault) {}
