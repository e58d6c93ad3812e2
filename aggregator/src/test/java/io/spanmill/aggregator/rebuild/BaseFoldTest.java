/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.aggregator.PlainRollups;
import io.spanmill.aggregator.TestTraffic;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.model.Cube;
import io.spanmill.model.Generation;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaseFoldTest {
  private static final long NOON = 1_767_268_800_000L;
  private static final long HOUR = WindowKind.HOUR.lengthMs();

  private final List<byte[]> records = new ArrayList<>();

  /** The second one has memory for next to nothing: every combined batch is a part of its own. */
  @ParameterizedTest
  @CsvSource({"1, 100000000, 1", "2, 1, 2"})
  void base_equalsSumsOverCalls_inOnePartOrInMany(long seed, long maxBytes, int leastParts) {
    TestTraffic traffic = new TestTraffic(seed);
    List<NormalizedSpan> calls = new ArrayList<>();
    while (calls.size() < 45_000) {
      NormalizedSpan call = traffic.next(NOON);
      if (call.layer != null) {
        call.eventTimeMs = NOON + Math.floorMod(call.eventTimeMs + calls.size() * 997L, 3 * HOUR);
        calls.add(call);
      }
    }
    calls.sort(Comparator.comparingLong(c -> c.eventTimeMs));
    BaseFold fold = new BaseFold(Cube.BUILT_IN, 4, 1000, maxBytes, records::add);
    int at = 0;
    for (long end = NOON + HOUR / 2; end <= NOON + 3 * HOUR; end += HOUR / 2) {
      while (at < calls.size() && calls.get(at).eventTimeMs < end) {
        fold.add(calls.get(at++));
      }
      fold.endSlice(end);
    }
    fold.end();
    assertThat(at).isEqualTo(calls.size());
    assertThat(fold.parts()).isGreaterThanOrEqualTo(leastParts);

    Map<PlainRollups.Series, Rollup> expected = PlainRollups.ofCalls(Cube.BUILT_IN, calls);
    expected.keySet().removeIf(series -> series.window() == WindowKind.ALL);
    assertThat(PlainRollups.ofRecords(records)).isEqualTo(expected);
    assertThat(generations()).allMatch(g -> Generation.edition(g) == 4 && Generation.isBeside(g));
    assertThat(generations())
        .contains(Generation.ofBase(4, 0))
        .hasSizeBetween(leastParts, (int) fold.parts());
  }

  @Test
  void daysThatCallsNoLongerReachBackTo_areKept() {
    long day = WindowKind.DAY.lengthMs();
    TreeMap<Long, Long> rollups = new TreeMap<>(Map.of(0L, 10L, day, 10L, 2 * day, 10L));
    TreeMap<Long, Long> hours = new TreeMap<>(Map.of(day + HOUR, 4L, 2 * day, 9L));
    // Less than half of the day's calls are left: it is kept, and so is all before it.
    assertThat(KeptRows.firstFoldedDay(rollups, hours, Long.MIN_VALUE)).isEqualTo(2 * day);
    hours.put(day, 1L);
    assertThat(KeptRows.firstFoldedDay(rollups, hours, Long.MIN_VALUE)).isEqualTo(day);
    hours.put(0L, 10L);
    assertThat(KeptRows.firstFoldedDay(rollups, hours, Long.MIN_VALUE)).isZero();
    assertThat(KeptRows.firstFoldedDay(rollups, hours, day + 1)).isEqualTo(2 * day);
  }

  private Set<Long> generations() {
    Set<Long> out = new HashSet<>();
    RollupRowsReader reader = new RollupRowsReader();
    for (byte[] record : records) {
      reader.reset(record);
      while (reader.hasNext()) {
        RollupRow row = reader.next();
        out.add(row.generation);
      }
    }
    return out;
  }
}
