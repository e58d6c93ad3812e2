/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Traces made up by chance, as the rows that are expected and as the rows of the tables. Used by
 * one thread.
 */
final class ListedRows {
  static final long DAY = 86_400_000;

  private final Random random;
  private final long nowMs;
  private final List<Span> spans = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();

  /**
   * @param nowMs no span begins after
   */
  ListedRows(Random random, long nowMs) {
    this.random = random;
    this.nowMs = nowMs;
  }

  record Span(
      String project,
      String trace,
      String id,
      boolean root,
      long startNs,
      long endNs,
      boolean failed,
      String session) {
    long ts() {
      return endNs / 1_000_000;
    }

    /** Of a root one of sixteen. */
    String name() {
      return root ? "root " + kind() : "span";
    }

    /**
     * Whose span it is: a letter with two cases that is not ASCII, and one of sixteen; or nobody.
     */
    String user() {
      return id.endsWith("2") ? "Jörg " + trace.charAt(1) : "";
    }

    boolean has(String text) {
      return contains(user(), text)
          || contains(session, text)
          || contains(root ? name() : "", text)
          || contains(tags(), text);
    }

    static boolean contains(String in, String text) {
      return in.toLowerCase(Locale.ROOT).contains(text.toLowerCase(Locale.ROOT));
    }

    String tags() {
      return root && kind() < 'a' ? "[\"gold\"]" : "";
    }

    /** Whether the SDK says that it does not know how the trace ended. */
    boolean open() {
      return root && kind() == 'e';
    }

    private char kind() {
      return trace.charAt(0);
    }
  }

  /**
   * @param cost picodollars, or -1 without
   */
  record Call(
      String project,
      String layer,
      long eventMs,
      String trace,
      String id,
      long version,
      long startNs,
      long durationUs,
      boolean failed,
      long tokens,
      long cost) {
    Call repriced(long to) {
      return new Call(
          project, layer, eventMs, trace, id, 9, startNs, durationUs, failed, tokens, to);
    }

    /** One of three, by call. */
    String team() {
      return "team-" + Character.digit(id.charAt(15), 16) % 3;
    }

    /** One of four, by trace. */
    String user() {
      return "user-" + Character.digit(trace.charAt(1), 16) % 4;
    }

    /** Where it stands in time: one that says it began after its end stands there. */
    long placeNs() {
      return Math.min(startNs, eventMs * 1_000_000 + 999_999);
    }
  }

  /** All spans so far; may be added to. */
  List<Span> spans() {
    return spans;
  }

  /** All calls so far in their newest version; may be changed. */
  List<Call> calls() {
    return calls;
  }

  /** Most are young, some old; some go on for hours or days, some have sessions in part. */
  void trace(int i, long begin) {
    String project = random.nextInt(3) == 0 ? "beta" : "alpha";
    String trace = String.format("%016x%016x", random.nextLong(), i);
    String session = random.nextInt(3) == 0 ? "" : "session-" + random.nextInt(60) + project;
    String other = "session-" + random.nextInt(60) + project;
    int count = 1 + random.nextInt(5);
    long at = begin * 1_000_000 + random.nextInt(1_000_000);
    for (int n = 0; n < count; n++) {
      long length = random.nextInt(8) * 250_000_000L + random.nextInt(3);
      boolean root = n == 0 && random.nextInt(5) > 0;
      String id = String.format("%08x%08x", i, n);
      boolean failed = random.nextInt(6) == 0;
      spans.add(
          new Span(
              project,
              trace,
              id,
              root,
              at,
              at + length,
              failed,
              random.nextInt(3) == 0 ? "" : random.nextInt(9) == 0 ? other : session));
      if (random.nextInt(2) == 0) {
        // Broken clocks tell a start after the end.
        long start = random.nextInt(12) == 0 ? at + length + 3_600_000_000_000L : at;
        calls.add(
            new Call(
                project,
                random.nextInt(4) == 0 ? "gateway_request" : "gateway",
                (at + length) / 1_000_000,
                trace,
                id,
                0,
                start,
                length / 1000,
                failed,
                random.nextInt(5) * 10L,
                cost()));
      }
      at +=
          switch (random.nextInt(12)) {
            case 0 -> (long) (random.nextDouble() * 3 * 3_600_000_000_000L);
            case 1 -> random.nextInt(20) * 3_600_000_000_000L;
            default -> 100_000_000L;
          };
      if (at / 1_000_000 > nowMs) {
        break;
      }
    }
  }

  long cost() {
    return random.nextInt(4) == 0 ? -1 : random.nextInt(12) * 1_000_000L;
  }

  static boolean in(long ms, long from, long to) {
    return ms >= from && ms < to;
  }

  static void insert(ClickHouse clickHouse, List<Span> rows) {
    batches(
        clickHouse,
        rows,
        "INSERT INTO spans (project, ts, trace_id, span_id, parent_span_id, arrival_time,"
            + " start_time, end_time, failed, session, user, name, dialect, attributes) VALUES ",
        s ->
            String.format(
                "('%s', fromUnixTimestamp64Milli(%d, 'UTC'), unhex('%s'), unhex('%s'), unhex('%s'),"
                    + " now64(3), fromUnixTimestamp64Nano(%d, 'UTC'), fromUnixTimestamp64Nano(%d,"
                    + " 'UTC'), %b, '%s', '%s', '%s', '%s', %s)",
                s.project(),
                s.ts(),
                s.trace(),
                s.id(),
                s.root() ? "0000000000000000" : "00000000000000ff",
                s.startNs(),
                s.endNs(),
                s.failed(),
                s.session(),
                s.user(),
                s.name(),
                s.open() ? "agentops" : "",
                s.open()
                    ? "map('agentops.session.end_state', 'Indeterminate')"
                    : s.tags().isEmpty() ? "map()" : "map('agentops.tags', '" + s.tags() + "')"));
  }

  static void insertCalls(ClickHouse clickHouse, List<Call> rows) {
    batches(
        clickHouse,
        rows,
        "INSERT INTO calls (project, layer, event_time, trace_id, span_id, version, arrival_time,"
            + " start_time, duration_us, failed, error_class, input_tokens, cost, computed_cost,"
            + " priced, name, team, user) VALUES ",
        c ->
            String.format(
                "('%s', '%s', fromUnixTimestamp64Milli(%d, 'UTC'), unhex('%s'), unhex('%s'), %d,"
                    + " now64(3), fromUnixTimestamp64Nano(%d, 'UTC'), %d, %b, '%s', %d, %s, %s,"
                    + " '%s', 'call', '%s', '%s')",
                c.project(),
                c.layer(),
                c.eventMs(),
                c.trace(),
                c.id(),
                c.version(),
                c.startNs(),
                c.durationUs(),
                c.failed(),
                c.failed() ? (c.id().endsWith("1") ? "timeout" : "auth") : "",
                c.tokens(),
                money(c.cost()),
                money(c.cost()),
                c.cost() < 0 ? "unpriced" : "priced",
                c.team(),
                c.user()));
  }

  private static String money(long pico) {
    return pico < 0 ? "NULL" : "toDecimal128('" + BigDecimal.valueOf(pico, 12) + "', 12)";
  }

  private static <T> void batches(
      ClickHouse clickHouse, List<T> rows, String insert, Function<T, String> values) {
    for (int i = 0; i < rows.size(); i += 300) {
      List<T> some = rows.subList(i, Math.min(rows.size(), i + 300));
      clickHouse.execute(
          Sql.of(insert + some.stream().map(values).collect(Collectors.joining(", ")))
              .setting("max_partitions_per_insert_block", "0"));
    }
  }
}
