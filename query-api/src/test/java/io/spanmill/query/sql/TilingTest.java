/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import static io.spanmill.model.WindowKind.DAY;
import static io.spanmill.model.WindowKind.HOUR;
import static io.spanmill.model.WindowKind.MINUTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.WindowKind;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TilingTest {
  private static final long M = MINUTE.lengthMs();
  private static final long H = HOUR.lengthMs();
  private static final long D = DAY.lengthMs();
  private static final long FOREVER = Long.MAX_VALUE / 2;
  private static final Retention ALL_KEPT =
      new Retention(
          Clock.fixed(Instant.ofEpochMilli(400 * D), ZoneOffset.UTC), 400 * D, 400 * D, 400 * D);

  @Test
  void tile_readsCoarseInTheMiddleAndFineAtTheEnds() {
    TimeRange range = new TimeRange(10 * D + 22 * H + 58 * M, 13 * D + H + M);

    assertThat(Tiling.tile(range, List.of(MINUTE, HOUR, DAY), MINUTE, FOREVER, ALL_KEPT))
        .containsExactly(
            new Segment(MINUTE, 10 * D + 22 * H + 58 * M, 10 * D + 23 * H),
            new Segment(HOUR, 10 * D + 23 * H, 11 * D),
            new Segment(DAY, 11 * D, 13 * D),
            new Segment(HOUR, 13 * D, 13 * D + H),
            new Segment(MINUTE, 13 * D + H, 13 * D + H + M));
  }

  @Test
  void tile_readsOpenWindowsFromTheFinestAlone() {
    TimeRange range = new TimeRange(5 * H, 8 * H);
    long closedThrough = 6 * H + 30 * M;

    assertThat(Tiling.tile(range, List.of(MINUTE, HOUR), MINUTE, closedThrough, ALL_KEPT))
        .containsExactly(new Segment(HOUR, 5 * H, 6 * H), new Segment(MINUTE, 6 * H, 8 * H));
  }

  @Test
  void tile_takesCallsForEndsThatNoWindowTiles() {
    TimeRange range = new TimeRange(5 * H + 10 * M, 7 * H + 20 * M);

    assertThat(Tiling.tile(range, List.of(HOUR, DAY), HOUR, FOREVER, ALL_KEPT))
        .containsExactly(
            new Segment(null, 5 * H + 10 * M, 6 * H),
            new Segment(HOUR, 6 * H, 7 * H),
            new Segment(null, 7 * H, 7 * H + 20 * M));
  }

  @Test
  void tile_doesNotReadWindowsThatMayBeDeleted() {
    Retention retention =
        new Retention(
            Clock.fixed(Instant.ofEpochMilli(100 * D), ZoneOffset.UTC), 2 * D, 400 * D, 400 * D);
    TimeRange range = new TimeRange(97 * D, 97 * D + H + M);

    assertThat(Tiling.tile(range, List.of(MINUTE, HOUR), MINUTE, FOREVER, retention))
        .containsExactly(
            new Segment(HOUR, 97 * D, 97 * D + H), new Segment(null, 97 * D + H, 97 * D + H + M));
  }

  @Test
  void tile_coversEveryRangeWithoutGapOrOverlap() {
    Random random = new Random(42);
    List<List<WindowKind>> choices =
        List.of(
            List.of(MINUTE, HOUR, DAY), List.of(HOUR, DAY), List.of(HOUR), List.of(DAY), List.of());
    for (int i = 0; i < 20_000; i++) {
      long from = (long) (random.nextDouble() * 30 * D);
      TimeRange range = new TimeRange(from, from + 1 + (long) (random.nextDouble() * 5 * D));
      List<WindowKind> kinds = choices.get(random.nextInt(choices.size()));
      long closed = (long) (random.nextDouble() * 40 * D);
      long kept = (long) (random.nextDouble() * 400 * D);
      Retention retention =
          new Retention(
              Clock.fixed(Instant.ofEpochMilli(400 * D), ZoneOffset.UTC), kept, kept, kept);
      WindowKind finest = kinds.isEmpty() ? MINUTE : kinds.get(0);

      List<Segment> tiles = Tiling.tile(range, kinds, finest, closed, retention);

      long at = range.fromMs();
      for (Segment s : tiles) {
        assertThat(s.fromMs()).isEqualTo(at);
        assertThat(s.toMs()).isGreaterThan(at);
        WindowKind kind = s.window();
        if (kind != null) {
          assertThat(s.fromMs() % kind.lengthMs()).isZero();
          assertThat(s.toMs() % kind.lengthMs()).isZero();
          assertThat(kind == finest || s.toMs() <= closed).isTrue();
        }
        at = s.toMs();
      }
      assertThat(at).isEqualTo(range.toMs());
    }
  }
}
