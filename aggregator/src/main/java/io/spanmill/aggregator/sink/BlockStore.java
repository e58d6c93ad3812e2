/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.NativeBlock;

/** Where blocks go: ClickHouse, or a test's record of what was sent. */
interface BlockStore {
  /**
   * Writes some rows of a block.
   *
   * @throws ClickHouseFailure if they were refused or may not have arrived
   */
  void insert(String table, NativeBlock block, int from, int to);
}
