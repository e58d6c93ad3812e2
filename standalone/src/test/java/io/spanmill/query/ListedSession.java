/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.ListedRows.in;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.ListedRows.Call;
import io.spanmill.query.ListedRows.Span;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A session as lists tell it. */
final class ListedSession {
  final String key;
  long startNs = Long.MAX_VALUE;
  long endNs = Long.MIN_VALUE;
  long traces;
  long errors;
  boolean priced;
  long cost;
  long tokens;
  String user = "";

  ListedSession(String key) {
    this.key = key;
  }

  boolean has(String text) {
    return Span.contains(key.substring(key.indexOf('/') + 1), text) || Span.contains(user, text);
  }

  /** As its row tells it. */
  String told() {
    BigDecimal usd = BigDecimal.valueOf(cost, 12).stripTrailingZeros();
    return String.join(
        " ",
        key,
        Math.floorDiv(startNs, 1000) + " to " + Math.floorDiv(endNs, 1000),
        traces + " traces",
        errors + " errors",
        tokens + " tokens",
        priced ? cost == 0 ? "0" : usd.toPlainString() : "null");
  }

  static String told(JsonNode row) {
    return String.join(
        " ",
        row.path("project").asText() + "/" + row.path("sessionId").asText(),
        Math.round(row.path("start").asDouble() * 1000)
            + " to "
            + Math.round(row.path("end").asDouble() * 1000),
        row.path("traceCount").asText() + " traces",
        row.path("errorCount").asText() + " errors",
        row.at("/tokens/total").asText() + " tokens",
        row.path("costUsd").asText());
  }

  /**
   * Sessions of the rows in a range; of one user's spans, or of a team's traces, if one is given.
   */
  static List<ListedSession> of(ListedRows rows, String user, String team, long from, long to) {
    Map<String, ListedTrace> traces = new HashMap<>();
    for (Span s : rows.spans()) {
      // Of spans only those of the user count.
      if (in(s.ts(), from, to) && (user.isEmpty() || s.user().equals(user))) {
        traces.computeIfAbsent(s.trace(), ListedTrace::new).add(s);
      }
    }
    for (Call c : rows.calls()) {
      ListedTrace t = traces.get(c.trace());
      if (t != null && in(c.eventMs(), from, to) && c.layer().equals("gateway")) {
        t.add(c);
      }
    }
    Map<String, ListedSession> out = new HashMap<>();
    traces.values().removeIf(t -> !team.isEmpty() && !t.teams.contains(team));
    for (ListedTrace t : traces.values()) {
      String key = t.project + "/" + (t.session.isEmpty() ? t.id : t.session);
      ListedSession s = out.computeIfAbsent(key, ListedSession::new);
      s.startNs = Math.min(s.startNs, t.startNs);
      s.endNs = Math.max(s.endNs, t.endNs);
      s.traces++;
      s.errors += t.errors;
      s.priced |= t.priced;
      s.cost += t.cost;
      s.tokens += t.tokens;
      s.user = s.user.compareTo(t.user) < 0 ? t.user : s.user;
    }
    return List.copyOf(out.values());
  }
}
