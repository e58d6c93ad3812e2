/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.Sql;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * {@code calls} against raw {@code spans} by identity (project, trace, span, layer), hour by hour:
 * first by sums with a checksum over the identities, then, where those differ, span by span.
 *
 * <p>Each span of a layer counts once, unless {@code duplicates} says that another of its attempt
 * did; a collapsed root counts in {@code gateway_request} too. Both tables are deduplicated on
 * reading. Cost is compared as it was metered, and only where the sink of spans priced by the same
 * book as the job.
 */
final class SpanCheck implements Check {
  private static final String NAME = "calls";
  private static final String REQUEST = "gateway_request";

  /** Looked at singly at most, in one hour. */
  private static final int MAX_SUSPECTS = 5000;

  private static final List<String> FIGURES =
      List.of(
          "calls",
          "errors",
          "input_tokens",
          "cache_read_tokens",
          "cache_write_tokens",
          "output_tokens",
          "reasoning_tokens",
          "saved_tokens",
          "reported_cost",
          "cost");

  private static final int REPORTED = FIGURES.indexOf("reported_cost");
  private static final int COST = FIGURES.indexOf("cost");

  private final Tables tables;
  private final Range range;

  /**
   * @param range whole hours
   */
  SpanCheck(Tables tables, Range range) {
    this.tables = tables;
    this.range = range;
  }

  /** A layer's hour of a project. */
  private record Group(String project, String layer, long hourMs) {}

  /** A span that does not agree, with the differences it makes. */
  private record Suspect(String trace, String span, boolean uncounted, List<Difference> found) {}

  @Override
  public Look look() {
    Set<Group> groups = new HashSet<>();
    long rowsRead =
        tables.read(
            Tables.over(range, sums()),
            row ->
                groups.add(
                    new Group(
                        row.getString("project"), row.getString("layer"), row.getLong("hour_ms"))));
    List<Difference> out = new ArrayList<>();
    long more = 0;
    long incomparable = 0;
    for (Group group : groups.stream().sorted(SpanCheck::compare).toList()) {
      Hour hour = new Hour(group);
      rowsRead += hour.read();
      incomparable += hour.incomparable;
      for (Suspect suspect : hour.suspects) {
        if (out.size() < MAX_PLACES) {
          out.addAll(suspect.found());
        } else {
          more++;
        }
      }
      more += hour.more;
    }
    return new Look(out, more, rowsRead, incomparable);
  }

  private static int compare(Group a, Group b) {
    int byHour = Long.compare(a.hourMs(), b.hourMs());
    if (byHour != 0) {
      return byHour;
    }
    int byProject = a.project().compareTo(b.project());
    return byProject != 0 ? byProject : a.layer().compareTo(b.layer());
  }

  /** Hours whose sums or identities differ. */
  private static String sums() {
    StringBuilder figures = new StringBuilder("toInt64(count()) AS f0");
    for (int i = 1; i < FIGURES.size(); i++) {
      figures.append(", sum(").append(FIGURES.get(i)).append(") AS f").append(i);
    }
    String identities =
        figures + ", sum(cityHash64(trace_id, span_id)) AS f" + FIGURES.size() + " FROM ";
    return "SELECT p AS project, l AS layer, toInt64(toUnixTimestamp(h)) * 1000 AS hour_ms"
        + " FROM (SELECT 0 AS side, p, l, toStartOfHour(t) AS h, book, "
        + identities
        + spans("")
        + " GROUP BY p, l, h, book UNION ALL SELECT 1 AS side, p, l, toStartOfHour(t) AS h, book, "
        + identities
        + calls("")
        + " GROUP BY p, l, h, book) GROUP BY p, l, h, book HAVING "
        + Measure.differ(FIGURES.size() + 1);
  }

  /** The rows that spans give {@code calls}; each once, whatever was delivered. */
  private static String spans(String condition) {
    return "(SELECT toString(project) AS p, arrayJoin(if(also_request, [toString(layer), '"
        + REQUEST
        + "'], [toString(layer)])) AS l, (l = '"
        + REQUEST
        + "' AND also_request) AS bare, ts AS t, trace_id, span_id, toString(model) AS m,"
        + " if(bare, '', toString(price_book)) AS book, toInt64(failed) AS errors, "
        + tokens("if(bare, 0, greatest(%1$s, 0)) AS %1$s")
        + ", if(bare, toDecimal128(0, 12), ifNull(s.reported_cost, toDecimal128(0, 12)))"
        + " AS reported_cost,"
        + " if(bare, toDecimal128(0, 12), ifNull(s.cost, toDecimal128(0, 12))) AS cost"
        + " FROM (SELECT * FROM spans WHERE layer != '' AND "
        + Tables.within("ts")
        + condition
        + " LIMIT 1 BY project, trace_id, span_id) AS s"
        + " WHERE (p, l, trace_id, span_id) NOT IN (SELECT toString(project), toString(layer),"
        + " trace_id, span_id FROM duplicates WHERE "
        + Tables.within("event_time")
        + "))";
  }

  /** The rows of {@code calls}, their cost as it was before any repricing. */
  private static String calls(String condition) {
    return "(SELECT toString(c.project) AS p, toString(c.layer) AS l, c.event_time AS t,"
        + " c.trace_id AS trace_id, c.span_id AS span_id, toString(c.model) AS m,"
        + " if(c.version = 0, toString(c.price_book), o.metered.2) AS book,"
        + " toInt64(c.failed) AS errors, "
        + tokens("greatest(c.%1$s, 0) AS %1$s")
        + ", ifNull(c.reported_cost, toDecimal128(0, 12)) AS reported_cost,"
        + " if(c.version = 0, ifNull(c.cost, toDecimal128(0, 12)), o.metered.1) AS cost"
        + " FROM (SELECT * FROM calls FINAL WHERE "
        + Tables.within("event_time")
        + condition
        + ") AS c LEFT JOIN (SELECT project, layer, event_time, trace_id, span_id,"
        + " argMin((ifNull(old_cost, toDecimal128(0, 12)), toString(old_book)), run) AS metered"
        + " FROM corrections FINAL WHERE "
        + Tables.within("event_time")
        + condition
        + " GROUP BY project, layer, event_time, trace_id, span_id) AS o"
        + " ON c.project = o.project AND c.layer = o.layer AND c.event_time = o.event_time"
        + " AND c.trace_id = o.trace_id AND c.span_id = o.span_id)";
  }

  private static String tokens(String form) {
    StringBuilder out = new StringBuilder();
    for (String figure : FIGURES) {
      if (figure.endsWith("_tokens")) {
        out.append(out.isEmpty() ? "" : ", ").append(form.formatted(figure));
      }
    }
    return out.toString();
  }

  /** One hour of a layer, span by span. */
  private final class Hour {
    final List<Suspect> suspects = new ArrayList<>();
    long more;
    long incomparable;
    private final Group group;

    Hour(Group group) {
      this.group = group;
    }

    long read() {
      long[] seen = new long[2];
      long rowsRead =
          tables.read(
              sql(),
              row -> {
                seen[0] = row.getLong("places");
                seen[1]++;
                add(row);
              });
      more = seen[0] - seen[1];
      return rowsRead + excuse();
    }

    private Sql sql() {
      StringBuilder figures = new StringBuilder("toInt64(1) AS f0");
      for (int i = 1; i < FIGURES.size(); i++) {
        figures.append(", ").append(FIGURES.get(i)).append(" AS f").append(i);
      }
      String ofProject = " AND project = {project:String}";
      String text =
          "SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, any(m) AS model,"
              + " toInt64(count() OVER ()) AS places, anyIf(book, side = 0)"
              + " = anyIf(book, side = 1) AS one_book, "
              + Measure.sums(0, FIGURES.size())
              + " AS ours, "
              + Measure.sums(1, FIGURES.size())
              + " AS theirs FROM (SELECT 0 AS side, trace_id, span_id, m, book, "
              + figures
              + " FROM "
              + spans(ofProject)
              + " WHERE l = {layer:String} UNION ALL SELECT 1 AS side, trace_id, span_id, m, book, "
              + figures
              + " FROM "
              + calls(ofProject)
              + " WHERE l = {layer:String}) GROUP BY trace_id, span_id HAVING "
              + Measure.differ(FIGURES.size())
              + " ORDER BY trace_id, span_id LIMIT "
              + MAX_SUSPECTS;
      long end = Math.min(range.toMs(), group.hourMs() + 3_600_000L);
      return Tables.over(new Range(group.hourMs(), end), text)
          .with("project", group.project())
          .with("layer", group.layer());
    }

    private void add(GenericRecord row) {
      List<BigDecimal> spans = Tables.figures(row, "ours");
      List<BigDecimal> calls = Tables.figures(row, "theirs");
      String trace = row.getString("trace");
      String span = row.getString("span");
      boolean oneBook = row.getBoolean("one_book");
      boolean inBoth = spans.get(0).signum() > 0 && calls.get(0).signum() > 0;
      List<Difference> found = new ArrayList<>();
      for (int i = 0; i < FIGURES.size(); i++) {
        if (spans.get(i).compareTo(calls.get(i)) == 0) {
          continue;
        }
        boolean ofBook = i == COST || (i == REPORTED && either(spans, calls, i).signum() == 0);
        if (inBoth && ofBook && !oneBook && noneReported(spans, calls)) {
          incomparable++;
          continue;
        }
        found.add(
            new Difference(
                NAME,
                "hour",
                group.hourMs(),
                group.project(),
                group.layer(),
                row.getString("model"),
                FIGURES.get(i),
                spans.get(i),
                calls.get(i),
                "trace " + trace + " span " + span));
      }
      if (!found.isEmpty()) {
        suspects.add(new Suspect(trace, span, calls.get(0).signum() == 0, found));
      }
    }

    private BigDecimal either(List<BigDecimal> spans, List<BigDecimal> calls, int figure) {
      return spans.get(figure).max(calls.get(figure));
    }

    /** With a reported cost the book has no say. */
    private boolean noneReported(List<BigDecimal> spans, List<BigDecimal> calls) {
      return either(spans, calls, REPORTED).signum() == 0;
    }

    /**
     * Drops spans that were rightly not counted here: counted or set aside under another event time
     * (one with a bad clock counts when it first arrives, and arrives again later), or a request
     * that another root of the same attempt told.
     */
    private long excuse() {
      List<String> traces =
          suspects.stream().filter(Suspect::uncounted).map(Suspect::trace).distinct().toList();
      if (traces.isEmpty()) {
        return 0;
      }
      String ids =
          "trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))";
      Set<String> excused = new HashSet<>();
      Sql elsewhere =
          Sql.of(
              "SELECT DISTINCT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span FROM"
                  + " (SELECT project, layer, trace_id, span_id FROM calls WHERE "
                  + ids
                  + " UNION ALL SELECT project, layer, trace_id, span_id FROM duplicates WHERE "
                  + ids
                  + ") WHERE project = {project:String} AND layer = {layer:String}");
      long rowsRead = tables.read(bind(elsewhere, traces), row -> excused.add(key(row)));
      if (group.layer().equals(REQUEST)) {
        Sql toldBefore =
            Sql.of(
                "SELECT DISTINCT lower(hex(s.trace_id)) AS trace, lower(hex(s.span_id)) AS span"
                    + " FROM (SELECT * FROM spans WHERE project = {project:String}"
                    + " AND also_request AND "
                    + ids
                    + ") AS s INNER JOIN (SELECT * FROM calls FINAL"
                    + " WHERE project = {project:String} AND layer = {layer:String} AND "
                    + ids
                    + ") AS c ON s.trace_id = c.trace_id AND s.call_id = c.call_id"
                    + " AND s.response_id = c.response_id AND s.failed = c.failed"
                    + " WHERE s.span_id != c.span_id AND (s.call_id != '' OR s.response_id != '')");
        rowsRead += tables.read(bind(toldBefore, traces), row -> excused.add(key(row)));
      }
      suspects.removeIf(s -> s.uncounted() && excused.contains(s.trace() + s.span()));
      return rowsRead;
    }

    private Sql bind(Sql sql, List<String> traces) {
      return sql.with("traces", traces)
          .with("project", group.project())
          .with("layer", group.layer());
    }

    private String key(GenericRecord row) {
      return row.getString("trace") + row.getString("span");
    }
  }
}
