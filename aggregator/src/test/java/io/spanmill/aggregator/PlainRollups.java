/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.model.Cube;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Rollups as a reader sees them, by series: summed up from calls (the oracle), or from emitted rows
 * by the rules of reading: greatest version of each generation, generations added.
 */
public final class PlainRollups {
  /** One series of a cube in one window. */
  public record Series(String cube, WindowKind window, long startMs, List<String> dimensions) {}

  private PlainRollups() {}

  public static Map<Series, Rollup> ofCalls(List<Cube> cubes, List<NormalizedSpan> calls) {
    Map<Series, Rollup> out = new HashMap<>();
    for (NormalizedSpan call : calls) {
      for (Cube cube : cubes) {
        List<String> dimensions = new ArrayList<>();
        cube.dimensions().forEach(d -> dimensions.add(d.of(call)));
        cube.attributes().forEach(a -> dimensions.add(call.extra[a]));
        for (WindowKind kind : cube.windows()) {
          Series series = new Series(cube.name(), kind, kind.startOf(call.eventTimeMs), dimensions);
          out.computeIfAbsent(series, s -> new Rollup()).add(call);
        }
      }
    }
    return out;
  }

  public static Map<Series, Rollup> ofRecords(List<byte[]> records) {
    record Row(Series series, long hashHi, long hashLo, long generation) {}
    Map<Row, Long> versions = new HashMap<>();
    Map<Row, Rollup> newest = new HashMap<>();
    RollupRowsReader reader = new RollupRowsReader();
    for (byte[] record : records) {
      reader.reset(record);
      while (reader.hasNext()) {
        RollupRow row = reader.next();
        Row key =
            new Row(
                new Series(row.cube, row.window, row.windowStartMs, List.of(row.dimensions)),
                row.seriesHashHi,
                row.seriesHashLo,
                row.generation);
        if (row.version >= versions.getOrDefault(key, -1L)) {
          Rollup copy = new Rollup();
          copy.merge(row.rollup);
          if (Objects.equals(versions.put(key, row.version), row.version)
              && !newest.get(key).equals(copy)) {
            throw new AssertionError("two rows of one version differ: " + key);
          }
          newest.put(key, copy);
        }
      }
    }
    Map<Series, Rollup> out = new HashMap<>();
    newest.forEach((k, v) -> out.computeIfAbsent(k.series, s -> new Rollup()).merge(v));
    return out;
  }
}
