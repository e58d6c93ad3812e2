/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.spanmill.model.Dimension;
import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.query.BruteForce.Asked;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Random questions about calls: ranges, projects, layers, filters, groups and steps.
 *
 * @param minuteDays for so many days before {@code now} minutes are kept
 * @param hourDays and hours
 */
record RandomQuestions(
    Random random, long now, int minuteDays, int hourDays, List<NormalizedSpan> calls) {
  private static final long DAY = 86_400_000;
  private static final long HOUR = 3_600_000;

  private static final List<Dimension> FILTERED =
      List.of(
          Dimension.PROVIDER,
          Dimension.MODEL,
          Dimension.OPERATION,
          Dimension.ERROR_CLASS,
          Dimension.SERVICE,
          Dimension.ENVIRONMENT,
          Dimension.TEAM,
          Dimension.API_KEY,
          Dimension.USER);

  /** A random question; puts its layer parameter into {@code given}. */
  Asked ask(Map<String, String> given, boolean disjoint) {
    long length =
        switch (random.nextInt(6)) {
          case 0 -> 60_000 + random.nextLong(20 * 60_000);
          case 1, 2 -> random.nextLong(5 * HOUR) + 1;
          case 3 -> random.nextLong(4 * DAY) + HOUR;
          default -> random.nextLong(45 * DAY) + DAY;
        };
    long to =
        switch (random.nextInt(4)) {
          case 0 -> now;
          case 1 -> now - random.nextLong(2 * HOUR);
          case 2 -> now + random.nextLong(HOUR);
          default -> now - random.nextLong(40 * DAY);
        };
    Set<String> projects = new TreeSet<>(RandomCalls.PROJECTS);
    if (random.nextBoolean()) {
      projects.remove(RandomCalls.PROJECTS.get(random.nextInt(3)));
      if (random.nextBoolean()) {
        projects.removeIf(p -> projects.size() > 1);
      }
    }
    Set<Layer> layers = null;
    if (random.nextInt(3) == 0) {
      layers = EnumSet.of(Layer.values()[random.nextInt(Layer.values().length)]);
      if (random.nextInt(3) == 0) {
        layers = EnumSet.of(Layer.GATEWAY, Layer.DIRECT);
      }
      if (!disjoint && random.nextBoolean()) {
        layers = EnumSet.allOf(Layer.class);
      }
      given.put("layer", layers.stream().map(Layer::label).collect(Collectors.joining("&layer=")));
    }
    Map<Dimension, List<String>> filters = new EnumMap<>(Dimension.class);
    for (int n = random.nextInt(3); n > 0; n--) {
      Dimension d = FILTERED.get(random.nextInt(FILTERED.size()));
      Set<String> values = new TreeSet<>();
      for (int v = 1 + random.nextInt(2); v > 0; v--) {
        values.add(d.of(calls.get(random.nextInt(calls.size()))));
      }
      if (random.nextInt(12) == 0) {
        values.clear();
        values.add(d == Dimension.ERROR_CLASS ? ErrorClass.OTHER.label() : "no such value");
      }
      filters.put(d, List.copyOf(values));
    }
    return new Asked(to - length, to, projects, layers, filters);
  }

  List<Dimension> groupBy(Map<String, String> given, int least) {
    Set<Dimension> out = EnumSet.noneOf(Dimension.class);
    for (int n = least + random.nextInt(3); n > 0; n--) {
      out.add(Dimension.values()[random.nextInt(Dimension.values().length)]);
    }
    if (!out.isEmpty()) {
      given.put("groupBy", out.stream().map(Dimension::apiName).collect(Collectors.joining(",")));
    }
    return List.copyOf(out);
  }

  long step(Map<String, String> given, Asked asked) {
    long[] steps = {
      60_000, 300_000, 420_000, 1_800_000, HOUR, 3 * HOUR, DAY, DAY, DAY, 2 * DAY, 7 * DAY
    };
    long step = steps[random.nextInt(steps.length)];
    while ((asked.toMs() - asked.fromMs()) / step > 900) {
      step = DAY;
    }
    given.put("step", Long.toString(step));
    return step;
  }

  /** The effective range: outward to the finest window that is kept at each end. */
  Asked snapped(Asked asked) {
    long from = asked.fromMs() - asked.fromMs() % keptAt(asked.fromMs());
    long rest = asked.toMs() % keptAt(asked.toMs());
    return asked.during(
        from, rest == 0 ? asked.toMs() : asked.toMs() + keptAt(asked.toMs()) - rest);
  }

  private long keptAt(long ms) {
    return ms >= now - minuteDays * DAY ? 60_000 : ms >= now - hourDays * DAY ? HOUR : DAY;
  }

  static List<String> key(NormalizedSpan call, List<Dimension> groupBy) {
    return groupBy.stream().map(d -> d.of(call)).toList();
  }

  String path(String endpoint, Asked asked, Map<String, String> given) {
    StringBuilder out = new StringBuilder(endpoint);
    // Anything within the outermost windows snaps to the same range.
    out.append("?from=").append(asked.fromMs() + random.nextInt(50_000));
    out.append("&to=").append(asked.toMs() - random.nextInt(9_000));
    asked.projects().forEach(p -> out.append("&project=").append(p));
    given.forEach((k, v) -> out.append('&').append(k).append('=').append(v));
    asked
        .filters()
        .forEach(
            (d, values) ->
                values.forEach(
                    v ->
                        out.append('&')
                            .append(d.apiName())
                            .append('=')
                            .append(URLEncoder.encode(v, StandardCharsets.UTF_8))));
    return out.toString();
  }
}
