/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.query.sql.Steps;
import io.spanmill.query.sql.TimeRange;
import java.time.ZoneId;

/** Reads parameter {@code step}: whole minutes, at most a thousand of them in the range. */
final class StepReader {
  static final int MAX_POINTS = 1000;
  private static final int AUTOMATIC_POINTS = 120;
  private static final long SHORTEST_MS = 60_000;
  private static final long LONGEST_MS = 366 * 86_400_000L;
  private static final long[] AUTOMATIC_STEPS_MS = {
    60_000L,
    120_000L,
    300_000L,
    600_000L,
    900_000L,
    1_800_000L,
    3_600_000L,
    7_200_000L,
    10_800_000L,
    21_600_000L,
    43_200_000L,
    86_400_000L,
    604_800_000L
  };

  private StepReader() {}

  /**
   * The cut asked for, or one into about a hundred steps.
   *
   * @throws ApiException if a step is no whole minutes or gives too many points
   */
  static Steps steps(Params params, TimeRange range, ZoneId zone) {
    String text = params.text("step");
    long step = text == null ? automatic(range) : TimeText.duration("step", text);
    if (step < SHORTEST_MS || step % SHORTEST_MS != 0) {
      throw ApiException.badParameter(
          "step", "must be whole minutes: write 1m, 5m, 1h, 1d or their milliseconds");
    }
    if (step > LONGEST_MS) {
      throw ApiException.badParameter("step", "must be at most 366d");
    }
    // Cheap first: a long range in short steps is not cut at all.
    if (range.lengthMs() / step <= MAX_POINTS) {
      Steps steps = Steps.of(range, step, zone);
      if (steps.startsMs().size() <= MAX_POINTS) {
        return steps;
      }
    }
    throw ApiException.badParameter(
        "step", "gives more than " + MAX_POINTS + " points: take a longer step or a shorter range");
  }

  private static long automatic(TimeRange range) {
    for (long step : AUTOMATIC_STEPS_MS) {
      if (range.lengthMs() / step <= AUTOMATIC_POINTS) {
        return step;
      }
    }
    return AUTOMATIC_STEPS_MS[AUTOMATIC_STEPS_MS.length - 1];
  }
}
