/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Reads the tables with bounds on memory and time. Thread-safe. */
final class Tables {
  private static final long MEMORY_BYTES = 1L << 30;
  private static final long SPILL_BYTES = 256L << 20;
  private static final long SECONDS = 600;

  private final ClickHouse clickHouse;

  Tables(ClickHouse clickHouse) {
    this.clickHouse = clickHouse;
  }

  /** Hands over each row; returns how many the server read for them. */
  long read(Sql sql, Consumer<GenericRecord> row) {
    return clickHouse.forEach(
        sql.setting("max_memory_usage", MEMORY_BYTES)
            .setting("max_bytes_before_external_group_by", SPILL_BYTES)
            .setting("max_bytes_before_external_sort", SPILL_BYTES)
            .setting("max_execution_time", SECONDS)
            // So that the number of rows read comes with the result.
            .setting("wait_end_of_query", 1),
        row);
  }

  /** An array column of figures as text. */
  static List<BigDecimal> figures(GenericRecord row, String column) {
    List<BigDecimal> out = new ArrayList<>();
    for (Object text : row.getList(column)) {
      out.add(new BigDecimal(String.valueOf(text)));
    }
    return out;
  }

  /** A statement over a range: {@code {from}} and {@code {to}} are epoch milliseconds. */
  static Sql over(Range range, String text) {
    return Sql.of(text).with("from", range.fromMs()).with("to", range.toMs());
  }

  /** Condition: a {@code DateTime64(3)} column lies in the range of {@link #over}. */
  static String within(String column) {
    return column
        + " >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND "
        + column
        + " < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";
  }

  /** The same of a {@code DateTime} column of window starts. */
  static String windowWithin(String column) {
    return column
        + " >= toDateTime(intDiv({from:Int64}, 1000), 'UTC') AND "
        + column
        + " < toDateTime(intDiv({to:Int64}, 1000), 'UTC')";
  }
}
