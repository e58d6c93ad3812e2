/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Edition;
import io.spanmill.model.Generation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tables {@code editions} and {@code edition_cuts}: which edition of the rollups is read, which one
 * the job shall count into, and where each partition went over. Thread-safe.
 */
public final class Editions {
  /**
   * The active edition, a row for each cube filled in it: {@code edition}, {@code cube}, {@code
   * filled_from}. No row before the aggregator's first start.
   */
  public static final String ACTIVE_ROWS =
      "SELECT edition, kv.1 AS cube, kv.2 AS filled_from FROM (SELECT edition,"
          + " CAST(cubes, 'Array(Tuple(String, Int64))') AS filled FROM editions FINAL"
          + " WHERE state = 'active' ORDER BY edition DESC LIMIT 1) LEFT ARRAY JOIN filled AS kv";

  private final ClickHouse clickHouse;

  public Editions(ClickHouse clickHouse) {
    this.clickHouse = clickHouse;
  }

  /**
   * Where a partition went over.
   *
   * @param sourceOffset what lies before it counts in editions before
   * @param cubes shapes of the cubes the job folded then
   */
  public record Cut(long sourceOffset, long arrivalMs, List<String> cubes) {
    public Cut {
      cubes = List.copyOf(cubes);
    }
  }

  /** What is read while nothing is written down: the built-in cubes, all of them filled. */
  public static Edition first() {
    return new Edition(0, filled(CubeSet.BUILT_IN));
  }

  /** The edition that is read. */
  public Edition active() {
    return activeOr(first());
  }

  private Edition activeOr(Edition none) {
    List<GenericRecord> rows = clickHouse.query(Sql.of(ACTIVE_ROWS));
    if (rows.isEmpty()) {
      return none;
    }
    Map<String, Long> filled = new HashMap<>();
    for (GenericRecord row : rows) {
      if (!row.getString("cube").isEmpty()) {
        filled.put(row.getString("cube"), row.getLong("filled_from"));
      }
    }
    return new Edition(rows.get(0).getInteger("edition"), filled);
  }

  /** The greatest edition the job was ever asked to count into; 0 if none. */
  public int wanted() {
    return (int) clickHouse.number(Sql.of("SELECT max(edition) FROM editions"));
  }

  /** Asks the job to count into an edition from now on. */
  public void want(int edition) {
    Generation.first(edition);
    insert(edition, "wanted", Map.of());
  }

  /** Lets readers read an edition; that one insert is the swap. */
  public void activate(Edition edition) {
    insert(edition.number(), "active", edition.filledFromMs());
  }

  /**
   * Writes down what is filled when a job with these cubes begins. On an empty database that is all
   * of them. Later, a cube that is configured no more is struck off for good: it misses calls from
   * now on.
   */
  public void begin(CubeSet cubes) {
    Edition none = new Edition(-1, Map.of());
    Edition active = activeOr(none);
    if (active.number() < 0) {
      boolean empty =
          clickHouse.number(
                  Sql.of(
                      "SELECT (SELECT count() FROM calls)"
                          + " + (SELECT count() FROM rollup_summary_all)"))
              == 0;
      activate(empty ? new Edition(0, filled(cubes)) : kept(first(), cubes));
      return;
    }
    Edition kept = kept(active, cubes);
    if (!kept.equals(active)) {
      activate(kept);
    }
  }

  /** The cuts of an edition by source partition, as far as they are written. */
  public Map<Integer, Cut> cuts(int edition) {
    Map<Integer, Cut> cuts = new TreeMap<>();
    for (GenericRecord row :
        clickHouse.query(
            Sql.of(
                    "SELECT source_partition, source_offset, arrival_ms, cubes"
                        + " FROM edition_cuts FINAL WHERE edition = {edition:UInt32}")
                .with("edition", edition))) {
      cuts.put(
          row.getInteger("source_partition"),
          new Cut(row.getLong("source_offset"), row.getLong("arrival_ms"), row.getList("cubes")));
    }
    return cuts;
  }

  private static Edition kept(Edition edition, CubeSet cubes) {
    Map<String, Long> kept = new HashMap<>(edition.filledFromMs());
    kept.keySet().retainAll(cubes.shapes());
    return new Edition(edition.number(), kept);
  }

  private static Map<String, Long> filled(CubeSet cubes) {
    Map<String, Long> filled = new HashMap<>();
    cubes.shapes().forEach(shape -> filled.put(shape, 0L));
    return filled;
  }

  private void insert(int edition, String state, Map<String, Long> filled) {
    List<String> shapes = new ArrayList<>(new TreeMap<>(filled).keySet());
    List<Long> from = shapes.stream().map(filled::get).toList();
    clickHouse.execute(
        Sql.of(
                "INSERT INTO editions (edition, state, cubes) SELECT {edition:UInt32},"
                    + " {state:String},"
                    + " mapFromArrays({shapes:Array(String)}, {from:Array(Int64)})")
            .with("edition", edition)
            .with("state", state)
            .with("shapes", shapes)
            .with("from", from));
  }
}
