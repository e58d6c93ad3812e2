/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.Sql;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells which differences come from spans that were delivered again after the dedup horizon: the
 * rollups counted them twice, {@code calls} holds them once.
 *
 * <p>Proof is a second row of the call from another place in the log, until ClickHouse merges it
 * away; after that, calls that arrived later after their end than the horizon, if they account for
 * the difference to the picodollar.
 */
final class Resends {
  private static final int MAX_PLACES = 50;
  private static final int MAX_CANDIDATES = 500;

  private final Tables tables;
  private final long horizonMs;

  Resends(Tables tables, long horizonMs) {
    this.tables = tables;
    this.horizonMs = horizonMs;
  }

  private record Place(
      String check, String window, long startMs, String project, String layer, String model) {
    static Place of(Difference d) {
      return new Place(d.check(), d.window(), d.startMs(), d.project(), d.layer(), d.model());
    }
  }

  /** A call that may have been counted again. */
  private record Candidate(
      String trace, boolean proven, long again, long errors, long tokens, BigDecimal cost) {}

  /** The same differences, with a note where they are explained. */
  List<Difference> explain(List<Difference> differences) {
    Map<Place, Map<String, BigDecimal>> places = new LinkedHashMap<>();
    for (Difference d : differences) {
      if (!d.window().equals("all") && d.check().startsWith("rollup_")) {
        places.computeIfAbsent(Place.of(d), p -> new HashMap<>()).put(d.figure(), d.difference());
      }
    }
    Map<Place, String> notes = new HashMap<>();
    int asked = 0;
    for (var e : places.entrySet()) {
      if (e.getValue().getOrDefault("calls", BigDecimal.ZERO).signum() > 0
          && asked++ < MAX_PLACES) {
        String note = explanation(e.getKey(), e.getValue());
        if (!note.isEmpty()) {
          notes.put(e.getKey(), note);
        }
      }
    }
    return differences.stream()
        .map(
            d ->
                notes.containsKey(Place.of(d))
                    ? d.withNote(notes.getOrDefault(Place.of(d), ""))
                    : d)
        .toList();
  }

  private String explanation(Place place, Map<String, BigDecimal> excess) {
    List<Candidate> all = candidates(place);
    List<Candidate> proven = all.stream().filter(Candidate::proven).toList();
    for (List<Candidate> set : List.of(proven, all)) {
      if (accountsFor(set, excess)) {
        return note(set, set == proven);
      }
    }
    for (Candidate one : all) {
      if (accountsFor(List.of(one), excess)) {
        return note(List.of(one), one.proven());
      }
    }
    return "";
  }

  private static String note(List<Candidate> set, boolean proven) {
    return set.stream().mapToLong(Candidate::again).sum()
        + " counted again: "
        + (proven ? "" : "probably ")
        + "sent again after dedup.horizon.ms, e.g. trace "
        + set.get(0).trace();
  }

  private static boolean accountsFor(List<Candidate> set, Map<String, BigDecimal> excess) {
    long calls = 0;
    long errors = 0;
    long tokens = 0;
    BigDecimal cost = BigDecimal.ZERO;
    for (Candidate c : set) {
      calls += c.again();
      errors += c.errors();
      tokens += c.tokens();
      cost = cost.add(c.cost());
    }
    BigDecimal excessTokens = BigDecimal.ZERO;
    for (String kind : List.of("input", "cache_read", "cache_write", "output", "reasoning")) {
      excessTokens = excessTokens.add(of(excess, kind + "_tokens"));
    }
    return calls > 0
        && of(excess, "calls").compareTo(BigDecimal.valueOf(calls)) == 0
        && of(excess, "errors").compareTo(BigDecimal.valueOf(errors)) == 0
        && excessTokens.compareTo(BigDecimal.valueOf(tokens)) == 0
        && of(excess, "cost").compareTo(cost) == 0;
  }

  private static BigDecimal of(Map<String, BigDecimal> excess, String figure) {
    return excess.getOrDefault(figure, BigDecimal.ZERO);
  }

  private List<Candidate> candidates(Place place) {
    boolean oneModel = !place.model().isEmpty() && !place.model().equals(RollupCheck.EVERY_MODEL);
    long lengthMs =
        switch (place.window()) {
          case "minute" -> 60_000L;
          case "hour" -> 3_600_000L;
          default -> 86_400_000L;
        };
    String text =
        "SELECT lower(hex(trace_id)) AS trace, toInt64(uniqExact(source_partition, source_offset)"
            + " - 1) AS again, any(failed) AS bad, toInt64(any(greatest(input_tokens, 0)"
            + " + greatest(cache_read_tokens, 0) + greatest(cache_write_tokens, 0)"
            + " + greatest(output_tokens, 0) + greatest(reasoning_tokens, 0))) AS tokens,"
            + " toString(ifNull(any(cost), toDecimal128(0, 12))) AS usd,"
            + " max(dateDiff('millisecond', event_time, arrival_time)) AS late_ms"
            + " FROM calls WHERE project = {project:String} AND layer = {layer:String}"
            + (oneModel ? " AND model = {model:String}" : "")
            + " AND "
            + Tables.within("event_time")
            + " GROUP BY trace_id, span_id, event_time"
            + " HAVING again > 0 OR late_ms > {horizon:Int64} ORDER BY trace LIMIT "
            + MAX_CANDIDATES;
    Sql sql =
        Tables.over(new Range(place.startMs(), place.startMs() + lengthMs), text)
            .with("project", place.project())
            .with("layer", place.layer())
            .with("horizon", horizonMs);
    List<Candidate> out = new ArrayList<>();
    tables.read(oneModel ? sql.with("model", place.model()) : sql, row -> out.add(candidate(row)));
    return out;
  }

  private static Candidate candidate(GenericRecord row) {
    long again = Math.max(1, row.getLong("again"));
    return new Candidate(
        row.getString("trace"),
        row.getLong("again") > 0,
        again,
        row.getBoolean("bad") ? again : 0,
        row.getLong("tokens") * again,
        new BigDecimal(row.getString("usd")).multiply(BigDecimal.valueOf(again)));
  }
}
