/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.Layer;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Answers {@link Question}s from the cubes, or from {@code calls} where none fits. Thread-safe. */
public final class RollupReader {
  private static final String REQUESTS = Layer.GATEWAY_REQUEST.label();

  /**
   * Settings of questions to small cubes: most of their time goes into unpacking sketches of the
   * same few thousand rows.
   */
  private static final Map<String, String> UNPACKED = Map.of("use_uncompressed_cache", "1");

  /** The same for parts that are asked side by side. */
  private static final Map<String, String> UNPACKED_PART =
      Map.of("use_uncompressed_cache", "1", "max_threads", "1");

  private final Database database;
  private final CubePlanner planner;
  private final ProgressReader progress;
  private final EditionReader editions;
  private final ResultCache cache;
  private final long rawMaxRows;

  RollupReader(
      Database database,
      CubePlanner planner,
      ProgressReader progress,
      EditionReader editions,
      ResultCache cache,
      long rawMaxRows) {
    this.database = database;
    this.planner = planner;
    this.progress = progress;
    this.editions = editions;
    this.cache = cache;
    this.rawMaxRows = rawMaxRows;
  }

  /**
   * Figures and where they come from.
   *
   * @param source {@code windows}, {@code calls} or {@code mixed}
   * @param completeThroughMs arrival time up to which all is counted, or null
   */
  public record Origin(String source, @Nullable Long completeThroughMs) {
    /** The same for an answer that read something else too, complete up to then. */
    public Origin and(@Nullable Long otherMs) {
      return new Origin(
          source,
          completeThroughMs == null || otherMs == null
              ? null
              : Long.valueOf(Math.min(completeThroughMs, otherMs)));
    }
  }

  /** Calls and money of a layer that is not counted. */
  public record Beside(long calls, BigDecimal cost) {}

  /**
   * Figures of one range.
   *
   * @param counted the counted layers together
   * @param requests calls and errors of {@code gateway_request}
   * @param notCounted the other layers, by name
   */
  public record Totals(Figures counted, Figures requests, Map<String, Beside> notCounted) {}

  /** Totals of a range and of the one before. */
  public record Overview(Totals current, Totals previous, Origin origin) {}

  /** A row of a breakdown; the rest past the limit has a null key. */
  public record Group(@Nullable List<String> key, Figures counted, Figures requests) {}

  public record Breakdown(List<Group> rows, @Nullable Group other, Origin origin) {}

  /** One series: its key and its value and exemplar per step. */
  public record Series(
      List<String> key, Map<Long, @Nullable Object> values, Map<Long, String> exemplars) {}

  public record Timeseries(List<Series> series, Origin origin) {}

  private static final Set<LatencyKind> SHOWN =
      EnumSet.of(LatencyKind.DURATION, LatencyKind.TTFT, LatencyKind.TPOT);

  /** Totals of the range and of the one before. */
  public Overview overview(Question q) {
    Progress known = progress.read();
    TimeRange before = q.range().before();
    Plan now = plan(q, null, known);
    Plan then = plan(q.during(before), null, known);
    Set<String> columns = totalColumns();
    List<Key> keys = List.of(Key.of(Dimension.PROJECT), Key.of(Dimension.LAYER));
    RollupSql sums =
        new RollupSql(keys, columns, null, s -> s.in("project", q.scope().projects()), q.filters())
            .add(now)
            .add(then)
            .splitAt(q.range().fromMs());
    ResultCache.Read read = sideBySide(sums, q, now, known);
    Map<Boolean, List<Row>> byPeriod =
        read.rows().stream().collect(Collectors.partitioningBy(row -> row.bool("period")));
    Set<String> kinds = new LinkedHashSet<>(now.kinds());
    kinds.addAll(then.kinds());
    return new Overview(
        totals(q.scope(), byPeriod.getOrDefault(false, List.of())),
        totals(q.scope(), byPeriod.getOrDefault(true, List.of())),
        new Origin(now.source(), read.progress().completeThrough(kinds)));
  }

  /**
   * The sums of each table, to be added: ClickHouse works out one query with one thread only, so it
   * takes several at once.
   */
  private ResultCache.Read sideBySide(RollupSql sums, Question q, Plan plan, Progress known) {
    List<Supplier<ResultCache.Read>> parts = new ArrayList<>();
    for (RollupSql.Sums table : sums.sums()) {
      parts.add(database.begin(() -> sums(table, q, plan, known)));
    }
    List<Row> rows = new ArrayList<>();
    Progress seen = known;
    for (Supplier<ResultCache.Read> part : parts) {
      ResultCache.Read read = part.get();
      seen = read.progress().earliest(seen);
      rows.addAll(read.rows());
    }
    return new ResultCache.Read(rows, seen);
  }

  private ResultCache.Read sums(RollupSql.Sums table, Question q, Plan plan, Progress known) {
    Sql any = table.any();
    Map<String, String> settings = plan.isSmall() ? UNPACKED_PART : Map.of();
    if (any != null) {
      ResultCache.Read read = run(any, q, plan, known, settings);
      if (read.rows().isEmpty()) {
        return read;
      }
    }
    return run(table.sql(), q, plan, known, settings);
  }

  /** What the layers that are not counted saw, for answers that do not read it anyway. */
  public Map<String, Beside> notCounted(Question q) {
    Progress known = progress.read();
    Plan plan = plan(new Question(q.range(), q.scope(), q.filters(), List.of()), null, known);
    Set<String> columns = new LinkedHashSet<>(List.of("calls", "cost"));
    RollupSql sums =
        new RollupSql(
                List.of(Key.of(Dimension.PROJECT), Key.of(Dimension.LAYER)),
                columns,
                null,
                s -> s.in("project", q.scope().projects()),
                q.filters())
            .add(plan);
    return beside(q.scope(), sideBySide(sums, q, plan, known).rows());
  }

  /** Figures by key, best first by a metric, the rest past the limit together. */
  public Breakdown breakdown(Question q, Metric sort, boolean descending, int limit) {
    Progress known = progress.read();
    Plan plan = plan(q, null, known);
    RollupSql.Condition rows = countedOrRequests(q.scope());
    String keys = keyNames(q.keys());
    List<Key> keysAndLayer = withLayer(q.keys());
    // First the order alone, then all figures of the rows shown and of the rest.
    Sql rank =
        new Sql()
            .add("SELECT toString(cityHash64(" + keys + ")) AS h, ")
            .add(sort.expression() + " AS v FROM ")
            .append(
                new RollupSql(
                        q.keys(),
                        sort.columns(),
                        null,
                        sort.ofRequests() ? requests(q.scope()) : counted(q.scope()),
                        q.filters())
                    .add(plan)
                    .from())
            .add(notFolded(q.keys()))
            .add(" GROUP BY " + keys + " ORDER BY v " + (descending ? "DESC" : "ASC"))
            .add(" NULLS LAST, " + keys + " LIMIT ")
            .bind(limit);
    List<String> order = run(rank, q, plan, known).rows().stream().map(r -> r.text("h")).toList();
    Set<String> columns = totalColumns();
    List<String> shownKeys = new ArrayList<>();
    for (Key d : q.keys()) {
      shownKeys.add("if(shown, k_" + d.column() + ", '') AS g_" + d.column());
    }
    String groups = q.keys().stream().map(d -> "g_" + d.column()).collect(Collectors.joining(", "));
    Sql sql =
        new Sql()
            .add("SELECT toString(if(shown, h, 0)) AS hash, shown, " + String.join(", ", shownKeys))
            .add(", k_layer = '" + REQUESTS + "' AS request, ")
            .add(RollupColumns.aggregates(columns))
            .add(" FROM (SELECT *, cityHash64(" + keys + ") AS h, h IN ")
            .bind("Array(UInt64)", hashes(order))
            .add(" AS shown FROM ")
            .append(new RollupSql(keysAndLayer, columns, null, rows, q.filters()).add(plan).from())
            .add(") GROUP BY hash, shown, request, " + groups);
    ResultCache.Read read = run(sql, q, plan, known);
    Map<String, Group> found = new LinkedHashMap<>();
    for (Row row : read.rows()) {
      boolean shown = row.bool("shown");
      Group group =
          found.computeIfAbsent(
              shown ? row.text("hash") : "",
              h ->
                  new Group(
                      shown
                          ? q.keys().stream().map(d -> row.text("g_" + d.column())).toList()
                          : null,
                      new Figures(),
                      new Figures()));
      addCountedOrRequest(q.scope(), group, row);
    }
    List<Group> rowsShown = new ArrayList<>();
    for (String h : order) {
      Group group = found.get(h);
      if (group != null) {
        rowsShown.add(group);
      }
    }
    return new Breakdown(
        rowsShown,
        found.get(""),
        new Origin(plan.source(), read.progress().completeThrough(plan.kinds())));
  }

  /**
   * Sums of some columns by key, over counted layers or, without a scope, over all.
   *
   * @param rows columns {@code k_…} of the keys, {@code bucket} if there are steps, and the sums
   */
  public record Sums(List<Row> rows, Origin origin) {}

  /** Sums of these columns by the question's dimensions and, if given, by step. */
  public Sums sums(Question q, Set<String> columns, @Nullable Steps steps, boolean allLayers) {
    Progress known = progress.read();
    Plan plan = plan(q, steps, known);
    RollupSql.Condition condition =
        allLayers ? s -> s.in("project", q.scope().projects()) : counted(q.scope());
    List<String> keys = new ArrayList<>();
    if (steps != null) {
      keys.add("bucket");
    }
    q.keys().forEach(d -> keys.add("k_" + d.column()));
    String prefix = keys.isEmpty() ? "" : String.join(", ", keys) + ", ";
    Sql sql =
        new Sql()
            .add("SELECT " + prefix + RollupColumns.aggregates(columns) + " FROM ")
            .append(
                new RollupSql(q.keys(), columns, steps, condition, q.filters()).add(plan).from())
            .add(keys.isEmpty() ? "" : " GROUP BY " + String.join(", ", keys));
    ResultCache.Read read = run(sql, q, plan, known);
    return new Sums(
        read.rows(), new Origin(plan.source(), read.progress().completeThrough(plan.kinds())));
  }

  /** Values of one metric by step, the greatest series apart, the rest as {@link Cube#OTHER}. */
  public Timeseries timeseries(Question q, Metric metric, Steps steps, int maxSeries) {
    Progress known = progress.read();
    Plan plan = plan(q, steps, known);
    RollupSql.Condition condition = metric.ofRequests() ? requests(q.scope()) : counted(q.scope());
    boolean grouped = !q.keys().isEmpty();
    List<String> top = grouped ? topSeries(q, metric, condition, maxSeries, known) : List.of();
    Set<String> columns = new LinkedHashSet<>(metric.columns());
    String exemplar = metric.exemplar();
    if (exemplar != null) {
      columns.add(exemplar.equals("slowest") ? "slowest_us" : "latest_error_ms");
      columns.add(exemplar + "_trace");
    }
    List<String> keys = new ArrayList<>();
    for (Key d : q.keys()) {
      keys.add("if(shown, k_" + d.column() + ", '" + Cube.OTHER + "') AS g_" + d.column());
    }
    String groups = q.keys().stream().map(d -> ", g_" + d.column()).collect(Collectors.joining());
    Sql sql = new Sql().add("SELECT bucket, " + metric.expression() + " AS v");
    if (exemplar != null) {
      String value = exemplar.equals("slowest") ? "m_slowest_us" : "m_latest_error_ms";
      sql.add(", lower(hex(max((" + value + ", m_" + exemplar + "_trace)).2)) AS exemplar")
          .add(", max(" + value + ") AS exemplar_value");
    }
    sql.add(keys.isEmpty() ? "" : ", " + String.join(", ", keys)).add(" FROM ");
    Sql inner = new RollupSql(q.keys(), columns, steps, condition, q.filters()).add(plan).from();
    if (grouped) {
      sql.add("(SELECT *, indexOf(").bind("Array(UInt64)", hashes(top));
      sql.add(", cityHash64(" + keyNames(q.keys()) + ")) AS place, place > 0 AS shown FROM ")
          .append(inner)
          .add(")");
    } else {
      sql.append(inner);
    }
    // The greatest series first, what is left together at the end.
    sql.add(" GROUP BY bucket" + (grouped ? ", place" + groups : ""))
        .add(" ORDER BY " + (grouped ? "place = 0, place, " : "") + "bucket");
    ResultCache.Read read = run(sql, q, plan, known);
    Map<List<String>, Series> series = new LinkedHashMap<>();
    for (Row row : read.rows()) {
      List<String> key = q.keys().stream().map(d -> row.text("g_" + d.column())).toList();
      Series s = series.computeIfAbsent(key, k -> new Series(k, new TreeMap<>(), new TreeMap<>()));
      long t = row.integer("bucket");
      s.values().put(t, metric.money() ? row.money("v") : row.value("v"));
      if (exemplar != null && row.integer("exemplar_value") >= 0) {
        s.exemplars().put(t, row.text("exemplar"));
      }
    }
    return new Timeseries(
        List.copyOf(series.values()),
        new Origin(plan.source(), read.progress().completeThrough(plan.kinds())));
  }

  private List<String> topSeries(
      Question q, Metric metric, RollupSql.Condition condition, int maxSeries, Progress known) {
    Plan whole = plan(q, null, known);
    boolean additive = metric.empty() != null || metric.money();
    Set<String> columns = additive ? metric.columns() : Set.of("calls");
    String keys = keyNames(q.keys());
    Sql sql =
        new Sql()
            .add("SELECT toString(cityHash64(" + keys + ")) AS h FROM ")
            .append(
                new RollupSql(q.keys(), columns, null, condition, q.filters()).add(whole).from())
            .add(notFolded(q.keys()))
            .add(" GROUP BY " + keys + " ORDER BY ")
            .add(additive ? metric.expression() : "sum(m_calls)")
            .add(" DESC NULLS LAST, " + keys + " LIMIT ")
            .bind(maxSeries);
    return run(sql, q, whole, known).rows().stream().map(r -> r.text("h")).toList();
  }

  Plan plan(Question q, @Nullable Steps steps, Progress known) {
    return planner.plan(
        q.range(),
        q.needed(),
        q.neededAttributes(),
        steps,
        known.closedThroughMs(),
        editions.read());
  }

  /** Runs a query of a plan, cached. */
  ResultCache.Read run(Sql sql, Question q, Plan plan, Progress known) {
    return run(sql, q, plan, known, plan.isSmall() ? UNPACKED : Map.of());
  }

  private ResultCache.Read run(
      Sql sql, Question q, Plan plan, Progress known, Map<String, String> settings) {
    boolean closed = q.range().toMs() <= known.closedThroughMs();
    return cache.get(
        sql,
        known,
        closed,
        () -> {
          try {
            return plan.readsCalls()
                ? database.queryFacts(sql, settings)
                : database.query(sql, settings);
          } catch (QueryFailure e) {
            if (e.kind() == QueryFailure.Kind.TOO_MANY_ROWS) {
              throw notCovered(q, plan);
            }
            throw e;
          }
        });
  }

  private NotCovered notCovered(Question q, Plan plan) {
    String dimensions = CubePlanner.cubeFor(q.needed(), q.neededAttributes());
    String why =
        plan.cube() == null
            ? "no cube has the dimensions " + dimensions + " with windows fine enough"
            : "the windows of cube " + plan.cube().name() + " cannot tile the range";
    return new NotCovered(
        dimensions,
        why
            + ", and reading it from calls would take more than query.raw.max.rows = "
            + rawMaxRows
            + " rows: narrow the range, or add a cube with the dimensions "
            + dimensions
            + " to cubes.file and run ./spanmill rebuild");
  }

  static Set<String> totalColumns() {
    Set<String> columns = new LinkedHashSet<>(RollupColumns.COUNTER_NAMES);
    SHOWN.forEach(k -> columns.addAll(RollupColumns.latency(k, true)));
    return columns;
  }

  private static Totals totals(LayerScope scope, List<Row> rows) {
    Figures counted = new Figures();
    Figures requests = new Figures();
    for (Row row : rows) {
      if (scope.counts(row.text("k_project"), row.text("k_layer"))) {
        counted.add(row, SHOWN);
      }
      if (row.text("k_layer").equals(REQUESTS)) {
        requests.add(row, Set.of());
      }
    }
    return new Totals(counted, requests, beside(scope, rows));
  }

  private static Map<String, Beside> beside(LayerScope scope, List<Row> rows) {
    Map<String, Beside> out = new TreeMap<>();
    for (Row row : rows) {
      if (!scope.counts(row.text("k_project"), row.text("k_layer"))) {
        BigDecimal cost = row.money("cost");
        out.merge(
            row.text("k_layer"),
            new Beside(row.integer("calls"), cost == null ? BigDecimal.ZERO : cost),
            (a, b) -> new Beside(a.calls() + b.calls(), a.cost().add(b.cost())));
      }
    }
    out.values().removeIf(beside -> beside.calls() == 0);
    return out;
  }

  /** A row of counted layers and requests told apart by column {@code request}. */
  private static void addCountedOrRequest(LayerScope scope, Group group, Row row) {
    boolean request = row.bool("request");
    if (request) {
      group.requests().add(row, Set.of());
    }
    if (!request || scope.layers().contains(REQUESTS)) {
      group.counted().add(row, SHOWN);
    }
  }

  private static RollupSql.Condition counted(LayerScope scope) {
    return scope::condition;
  }

  private static RollupSql.Condition requests(LayerScope scope) {
    return s -> s.in("project", scope.projects()).add(" AND layer = '" + REQUESTS + "'");
  }

  private static RollupSql.Condition countedOrRequests(LayerScope scope) {
    return s -> {
      s.add("(");
      scope.condition(s);
      s.add(" OR (");
      requests(scope).append(s);
      s.add("))");
    };
  }

  /** As numbers, for an array parameter. */
  private static List<BigInteger> hashes(List<String> texts) {
    return texts.stream().map(BigInteger::new).toList();
  }

  private static String keyNames(List<Key> groupBy) {
    return groupBy.stream().map(d -> "k_" + d.column()).collect(Collectors.joining(", "));
  }

  /** Folded series are part of the rest, whatever their size. */
  private static String notFolded(List<Key> groupBy) {
    String none =
        groupBy.stream()
            .filter(Key::folds)
            .map(d -> "k_" + d.column() + " != '" + Cube.OTHER + "'")
            .collect(Collectors.joining(" AND "));
    return none.isEmpty() ? "" : " WHERE " + none;
  }

  private static List<Key> withLayer(List<Key> groupBy) {
    Set<Key> out = new LinkedHashSet<>(groupBy);
    out.add(Key.of(Dimension.LAYER));
    return List.copyOf(out);
  }
}
