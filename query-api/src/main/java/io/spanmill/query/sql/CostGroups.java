/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Calls put together that a price book prices alike: same model, service tier and size of context
 * as far as prices differ by it. Their tokens may be priced as one sum. Mutable; not thread-safe.
 */
final class CostGroups {
  private static final List<String> KEY_COLUMNS =
      List.of(
          "provider",
          "model",
          "request_model",
          "response_model",
          "service_tier",
          "cache_hit",
          "context");

  private static final List<String> SUM_COLUMNS =
      List.of(
          "calls",
          "input",
          "cache_read",
          "cache_write",
          "cache_write_1h",
          "output",
          "reasoning",
          "audio_input",
          "audio_output",
          "costed");

  private static final Map<String, Integer> COLUMN_INDEX = columnIndex();

  /** Context sizes at which providers change their prices. */
  private static final String CONTEXT =
      "arrayCount(x -> greatest(input_tokens, 0) + greatest(cache_read_tokens, 0)"
          + " + greatest(cache_write_tokens, 0) > x, [128000, 200000, 256000, 272000])";

  static final String KEYS = String.join(", ", KEY_COLUMNS);

  static final String COLUMNS =
      "provider, model, request_model, response_model, service_tier, cache_hit, "
          + CONTEXT
          + " AS context, count() AS calls, max(toUnixTimestamp64Milli(event_time)) AS event_ms,"
          + " sum(greatest(input_tokens, 0)) AS input,"
          + " sum(greatest(cache_read_tokens, 0)) AS cache_read,"
          + " sum(greatest(cache_write_tokens, 0)) AS cache_write,"
          + " sum(greatest(cache_write_1h_tokens, 0)) AS cache_write_1h,"
          + " sum(greatest(output_tokens, 0)) AS output,"
          + " sum(greatest(reasoning_tokens, 0)) AS reasoning,"
          + " sum(greatest(audio_input_tokens, 0)) AS audio_input,"
          + " sum(greatest(audio_output_tokens, 0)) AS audio_output,"
          + " sum(cost) AS cost, countIf(isNotNull(cost)) AS costed";

  private final Map<List<Object>, Sums> groups = new HashMap<>();

  /**
   * What the calls of a group come to.
   *
   * @param newestMs when the newest of them ended
   * @param cost of those that have one
   */
  private record Sums(long[] counts, long newestMs, BigDecimal cost) {
    Sums plus(Sums other, int times) {
      long[] sum = counts.clone();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += times * other.counts[i];
      }
      return new Sums(
          sum,
          times > 0 ? Math.max(newestMs, other.newestMs) : newestMs,
          cost.add(other.cost.multiply(BigDecimal.valueOf(times))));
    }
  }

  /** Adds a row of {@link #COLUMNS}. */
  void add(Row row) {
    List<Object> key = new ArrayList<>(KEY_COLUMNS.size());
    KEY_COLUMNS.forEach(c -> key.add(Objects.requireNonNull(row.value(c))));
    long[] counts = SUM_COLUMNS.stream().mapToLong(row::integer).toArray();
    BigDecimal cost = Objects.requireNonNullElse(row.money("cost"), BigDecimal.ZERO);
    add(key, new Sums(counts, row.integer("event_ms"), cost), 1);
  }

  /**
   * Adds other groups.
   *
   * @param times 1, or -1 to take them away
   */
  void add(CostGroups other, int times) {
    other.groups.forEach((key, sums) -> add(key, sums, times));
  }

  private void add(List<Object> key, Sums sums, int times) {
    Sums none = new Sums(new long[SUM_COLUMNS.size()], 0, BigDecimal.ZERO);
    groups.put(key, groups.getOrDefault(key, none).plus(sums, times));
  }

  /** Rows of {@link #COLUMNS}, of groups that have calls. */
  List<Row> rows() {
    List<Row> out = new ArrayList<>();
    groups.forEach(
        (key, sums) -> {
          if (sums.counts[0] > 0) {
            List<@Nullable Object> values = new ArrayList<>(key);
            for (long count : sums.counts) {
              values.add(count);
            }
            values.add(sums.newestMs);
            // The last of the sums says how many calls have a cost.
            boolean costed = sums.counts[sums.counts.length - 1] > 0;
            values.add(costed ? sums.cost : null);
            out.add(new Row(COLUMN_INDEX, values.toArray()));
          }
        });
    return out;
  }

  private static Map<String, Integer> columnIndex() {
    Map<String, Integer> out = new HashMap<>();
    for (List<String> columns : List.of(KEY_COLUMNS, SUM_COLUMNS, List.of("event_ms", "cost"))) {
      columns.forEach(c -> out.put(c, out.size()));
    }
    return out;
  }
}
