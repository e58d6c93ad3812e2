/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Dimension;
import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.query.sql.Filters;
import io.spanmill.query.sql.LayerResolver;
import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.TimeRange;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Turns the parameters that all range endpoints share into a {@link Question}. */
public final class QuestionReader {
  /** Parameters of every endpoint over a range. */
  public static final Set<String> COMMON = common();

  private static final List<Set<Layer>> DISJOINT =
      List.of(EnumSet.of(Layer.GATEWAY, Layer.DIRECT), EnumSet.of(Layer.CLIENT, Layer.DIRECT));

  private final Queries queries;
  private final Clock clock;
  private final int maxDays;

  public QuestionReader(Queries queries, Settings settings, Clock clock) {
    this.queries = queries;
    this.clock = clock;
    this.maxDays = settings.integer(Keys.QUERY_MAX_RANGE_DAYS);
  }

  /** Common parameters and these. */
  static Set<String> with(String... more) {
    Set<String> out = new LinkedHashSet<>(COMMON);
    out.addAll(Arrays.asList(more));
    return out;
  }

  /** Range as asked, not yet snapped. */
  public TimeRange exactRange(Params params) {
    // Asked of every range, though few answers cut days.
    zone(params);
    long from = TimeText.instant("from", params.text("from", "now-1h"), clock);
    long to = TimeText.instant("to", params.text("to", "now"), clock);
    if (from >= to) {
      throw ApiException.badParameter("from", "must lie before to");
    }
    if (to - from > TimeUnit.DAYS.toMillis(maxDays)) {
      throw new ApiException(
          400,
          "range_too_long",
          "from: the range is longer than query.max.range.days = "
              + maxDays
              + " days: ask for a shorter one",
          "from");
    }
    return new TimeRange(from, to);
  }

  /** The question of figures: range snapped outward, layers disjoint. */
  Question question(Asked asked, List<Dimension> groupBy) {
    return question(asked, new Grouping(groupBy, List.of()));
  }

  /** The same with attributes among the keys. */
  Question question(Asked asked, Grouping groupBy) {
    TimeRange exact = exactRange(asked.params());
    return new Question(
        queries.snap(exact),
        scope(asked, groupBy.dimensions().contains(Dimension.LAYER)),
        filters(asked.params()),
        groupBy.dimensions(),
        groupBy.attributes());
  }

  /** The question of a list: exact range, any layers. */
  Question listQuestion(Asked asked) {
    return new Question(
        exactRange(asked.params()), scope(asked, true), filters(asked.params()), List.of());
  }

  ZoneId zone(Params params) {
    String tz = params.text("tz");
    if (tz == null) {
      return ZoneOffset.UTC;
    }
    try {
      return ZoneId.of(tz);
    } catch (DateTimeException e) {
      throw ApiException.badParameter(
          "tz", "'" + tz + "' is no time zone: write an IANA name such as Asia/Seoul, or UTC");
    }
  }

  /**
   * What figures are grouped by.
   *
   * @param attributes names of configured attributes
   */
  record Grouping(List<Dimension> dimensions, List<String> attributes) {}

  Grouping groupBy(Params params, int max) {
    List<Dimension> dimensions = new ArrayList<>();
    List<String> attributes = new ArrayList<>();
    for (String name : params.parts("groupBy")) {
      Optional<Dimension> dimension =
          Arrays.stream(Dimension.values()).filter(d -> d.apiName().equals(name)).findFirst();
      if (dimension.isPresent()) {
        dimensions.add(dimension.get());
      } else if (queries.attributes().contains(name)) {
        attributes.add(name);
      } else {
        throw ApiException.badParameter(
            "groupBy", "'" + name + "' is not one of " + dimensionNames());
      }
    }
    if (dimensions.size() + attributes.size() > max) {
      throw ApiException.badParameter("groupBy", "at most " + max + " dimensions");
    }
    return new Grouping(dimensions, attributes);
  }

  /** Projects the caller may read: the one of the key, or all that are known. */
  Set<String> projects(Caller caller) {
    return caller.project().equals(Caller.ALL_PROJECTS)
        ? queries.knownProjects()
        : Set.of(caller.project());
  }

  Filters filters(Params params) {
    Map<Dimension, List<String>> values = new EnumMap<>(Dimension.class);
    for (Dimension d : Dimension.values()) {
      if (d == Dimension.PROJECT || d == Dimension.LAYER || !params.has(d.apiName())) {
        continue;
      }
      List<String> given = params.all(d.apiName());
      values.put(
          d,
          d == Dimension.ERROR_CLASS
              ? given.stream().map(QuestionReader::errorClass).toList()
              : given);
    }
    Map<String, List<String>> attributes = new LinkedHashMap<>();
    for (String name : queries.attributes()) {
      if (params.has(name)) {
        attributes.put(name, params.all(name));
      }
    }
    return new Filters(values, attributes);
  }

  public LayerScope scope(Asked asked, boolean anyLayers) {
    Set<String> projects = new TreeSet<>();
    for (String name : asked.params().all("project")) {
      if (!asked.caller().mayRead(name)) {
        throw ApiException.forbidden("no access to project " + name, "project");
      }
      projects.add(name);
    }
    if (projects.isEmpty()) {
      projects.addAll(projects(asked.caller()));
    }
    List<String> layers = asked.params().all("layer");
    LayerResolver resolver = queries.layers();
    if (layers.stream().allMatch("auto"::equals)) {
      return resolver.auto(projects);
    }
    if (layers.contains("auto")) {
      throw ApiException.badParameter("layer", "auto stands alone: leave out the other layers");
    }
    Set<Layer> wanted = EnumSet.noneOf(Layer.class);
    for (String name : layers) {
      try {
        wanted.add(Layer.ofLabel(name));
      } catch (IllegalArgumentException e) {
        String known =
            Arrays.stream(Layer.values()).map(Layer::label).collect(Collectors.joining(", "));
        throw ApiException.badParameter(
            "layer", "'" + name + "' is not one of " + known + ", auto");
      }
    }
    if (!anyLayers
        && wanted.size() > 1
        && DISJOINT.stream().noneMatch(d -> d.containsAll(wanted))) {
      throw ApiException.badParameter(
          "layer", "layers see the same calls and are never added: ask for one, or group by layer");
    }
    Map<String, Set<Layer>> counted = new LinkedHashMap<>();
    projects.forEach(p -> counted.put(p, wanted));
    return new LayerScope(counted);
  }

  /** The class as columns hold it: {@code none} and the empty text are the same. */
  private static String errorClass(String label) {
    try {
      return ErrorClass.ofLabel(label).label();
    } catch (IllegalArgumentException e) {
      String known =
          Arrays.stream(ErrorClass.values())
              .map(ErrorClass::label)
              .collect(Collectors.joining(", "));
      throw ApiException.badParameter("errorClass", "'" + label + "' is not one of " + known);
    }
  }

  private String dimensionNames() {
    List<String> names = new ArrayList<>();
    for (Dimension d : Dimension.values()) {
      names.add(d.apiName());
    }
    names.addAll(queries.attributes());
    return String.join(", ", names);
  }

  private static Set<String> common() {
    Set<String> out = new LinkedHashSet<>(List.of("from", "to", "tz"));
    for (Dimension d : Dimension.values()) {
      out.add(d.apiName());
    }
    return out;
  }
}
