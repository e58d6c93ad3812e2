/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;

/**
 * A session as lists show it. Figures are of the spans and counted calls of its traces within the
 * range; names and tags are of its first traces, whole.
 *
 * @param id its name, or the id of its one trace
 * @param failed whether its last trace did
 * @param priced calls with a price
 * @param cost USD over those
 * @param user empty if none is told
 */
public record Session(
    String project,
    String id,
    long startNs,
    long endNs,
    long traces,
    long errors,
    boolean failed,
    long calls,
    long priced,
    long unpriced,
    Tokens tokens,
    BigDecimal cost,
    String user,
    Shown shown) {
  /** Those that the senders told. */
  public record Tokens(
      long input, long cacheRead, long cacheWrite, long output, long reasoning, long saved) {
    static final Tokens NONE = new Tokens(0, 0, 0, 0, 0, 0);

    public long total() {
      return input + cacheRead + cacheWrite + output + reasoning;
    }

    Tokens plus(Tokens o) {
      return new Tokens(
          input + o.input,
          cacheRead + o.cacheRead,
          cacheWrite + o.cacheWrite,
          output + o.output,
          reasoning + o.reasoning,
          saved + o.saved);
    }
  }

  /**
   * What is not a figure.
   *
   * @param name of the first trace
   * @param sources who named the session, the first first; empty: nobody
   */
  public record Shown(String name, List<String> models, List<String> agents, List<String> sources) {
    static final Shown NOTHING = new Shown("", List.of(), List.of(), List.of());
  }

  /** The value it is ordered by, exactly. */
  public BigDecimal sortValue(String sort) {
    return switch (sort) {
      case "start" -> BigDecimal.valueOf(startNs);
      case "duration" -> BigDecimal.valueOf(endNs - startNs);
      // Without a price after all that have one.
      case "cost" -> priced == 0 ? BigDecimal.ONE.negate() : cost;
      case "tokens" -> BigDecimal.valueOf(tokens.total());
      case "errors" -> BigDecimal.valueOf(errors);
      default -> throw new IllegalArgumentException("no order " + sort);
    };
  }

  /** The same as a cursor has it. */
  public String sortText(String sort) {
    return sortValue(sort).toPlainString();
  }

  /** The order of the list upwards. */
  static Comparator<Session> order(String sort) {
    return Comparator.comparing((Session s) -> s.sortValue(sort))
        .thenComparing(Session::project, Utf8Order::compare)
        .thenComparing(Session::id, Utf8Order::compare);
  }

  /** Whether it comes after the cursor in that direction. */
  boolean isAfter(String sort, Cursor cursor, boolean descending) {
    int order = order(sort, cursor);
    return descending ? order < 0 : order > 0;
  }

  private int order(String sort, Cursor cursor) {
    int order = sortValue(sort).compareTo(new BigDecimal(cursor.values().get(0)));
    if (order == 0) {
      order = Utf8Order.compare(project, cursor.values().get(1));
    }
    return order == 0 ? Utf8Order.compare(id, cursor.values().get(2)) : order;
  }

  Session showing(Shown other) {
    return new Session(
        project, id, startNs, endNs, traces, errors, failed, calls, priced, unpriced, tokens, cost,
        user, other);
  }
}
