/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks.query;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A question to measure.
 *
 * @param path may have a text in it that is another each time
 * @param barMs what its 95th percentile must not exceed, 0 without a bar
 */
record Asked(String name, String path, int barMs) {
  private static final long HOUR = 3_600_000;
  private static final int OVERVIEW_MS = 50;
  private static final int LIST_MS = 200;

  /** Stands for a number in a path. */
  private static final String NEW = "{new}";

  private static final int FIRST_NEW = 1301;

  /** Every endpoint, lists in several orders. */
  static List<Asked> all(long endMs, int days, Map<String, String> ids) {
    String hour = range(endMs, 1);
    String day = range(endMs, 24);
    String week = range(endMs, 24 * 7);
    String month = range(endMs, 24L * days);
    List<Asked> out = new ArrayList<>();
    out.add(new Asked("overview, 30 d", "/api/v1/overview" + month, OVERVIEW_MS));
    out.add(new Asked("overview, 7 d", "/api/v1/overview" + week, OVERVIEW_MS));
    out.add(new Asked("overview, 24 h", "/api/v1/overview" + day, OVERVIEW_MS));
    out.add(new Asked("overview, 1 h", "/api/v1/overview" + hour, OVERVIEW_MS));
    out.add(
        new Asked(
            "overview of a model, 30 d",
            "/api/v1/overview" + month + "&model=model-3",
            OVERVIEW_MS));
    out.add(new Asked("overview of a team, 30 d", "/api/v1/overview" + month + "&team=team-3", 0));
    out.add(new Asked("overview of a user, 30 d", "/api/v1/overview" + month + "&user=user-3", 0));
    out.add(series("calls, 30 d", month + "&metric=calls"));
    out.add(series("calls, 1 h", hour + "&metric=calls"));
    out.add(series("events, 30 d", month + "&metric=events"));
    out.add(series("latency.p95 by model, 30 d", month + "&metric=latency.p95&groupBy=model"));
    out.add(series("cost by team, 30 d", month + "&metric=cost&groupBy=team"));
    out.add(
        series("cost in days of Asia/Seoul, 30 d", month + "&metric=cost&step=1d&tz=Asia/Seoul"));
    out.add(
        new Asked("breakdown by model, 30 d", "/api/v1/breakdown" + month + "&groupBy=model", 0));
    out.add(
        new Asked(
            "breakdown by model and team, 30 d",
            "/api/v1/breakdown" + month + "&groupBy=model,team",
            0));
    out.add(new Asked("breakdown by user, 30 d", "/api/v1/breakdown" + month + "&groupBy=user", 0));
    out.add(new Asked("heatmap, 24 h", "/api/v1/latency/heatmap" + day, 0));
    out.add(new Asked("heatmap, 30 d", "/api/v1/latency/heatmap" + month, 0));
    out.add(new Asked("failures, 24 h", "/api/v1/failures" + day, LIST_MS));
    out.add(new Asked("failures, 30 d", "/api/v1/failures" + month, LIST_MS));
    out.add(new Asked("flow, 1 h", "/api/v1/flow" + hour, 0));
    out.add(list("calls, newest, 30 d", "/api/v1/calls" + month));
    out.add(list("calls, dearest, 30 d", "/api/v1/calls" + month + "&sort=-cost"));
    out.add(list("calls, slowest, 30 d", "/api/v1/calls" + month + "&sort=-duration"));
    out.add(
        list(
            "calls, failed, of a team, 30 d",
            "/api/v1/calls" + month + "&status=error&team=team-3"));
    out.add(list("calls, text, 24 h", "/api/v1/calls" + day + "&q=user-17"));
    out.add(list("calls, text, 30 d", "/api/v1/calls" + month + "&q=user-17"));
    out.add(list("calls, of a user, 30 d", "/api/v1/calls" + month + "&user=user-17"));
    out.add(
        list(
            "calls, slowest, of a model, 30 d",
            "/api/v1/calls" + month + "&sort=-duration&model=model-3"));
    out.add(list("calls, fewest tokens, 30 d", "/api/v1/calls" + month + "&sort=tokens"));
    out.add(list("calls, oldest, 30 d", "/api/v1/calls" + month + "&sort=start"));
    out.add(
        list("calls, dearest, failed, 30 d", "/api/v1/calls" + month + "&sort=-cost&status=error"));
    if (!ids.getOrDefault("cursor", "").isEmpty()) {
      out.add(
          list("calls, next page, 30 d", "/api/v1/calls" + month + "&cursor=" + ids.get("cursor")));
    }
    out.add(list("traces, newest, 30 d", "/api/v1/traces" + month));
    out.add(list("traces, newest, of a model, 30 d", "/api/v1/traces" + month + "&model=model-3"));
    out.add(list("traces, failed, 24 h", "/api/v1/traces" + day + "&status=error"));
    out.add(list("traces, slowest, 24 h", "/api/v1/traces" + day + "&sort=-duration"));
    out.add(list("traces, slowest, 30 d", "/api/v1/traces" + month + "&sort=-duration"));
    out.add(list("traces, dearest, 30 d", "/api/v1/traces" + month + "&sort=-cost"));
    out.add(list("traces, most errors, 30 d", "/api/v1/traces" + month + "&sort=-errors"));
    out.add(list("traces, text, 24 h", "/api/v1/traces" + day + "&q=session-17"));
    out.add(list("traces, text, 30 d", "/api/v1/traces" + month + "&q=session-17"));
    out.add(list("traces, new text, 30 d", "/api/v1/traces" + month + "&q=session-" + NEW));
    out.add(list("traces, new user, 30 d", "/api/v1/traces" + month + "&q=user-" + NEW));
    out.add(
        list(
            "traces, dearest, of a team, 30 d",
            "/api/v1/traces" + month + "&sort=-cost&team=team-3"));
    out.add(list("traces, failed, 30 d", "/api/v1/traces" + month + "&status=error"));
    out.add(list("traces, most tokens, 30 d", "/api/v1/traces" + month + "&sort=-tokens"));
    out.add(list("traces, fastest, 30 d", "/api/v1/traces" + month + "&sort=duration"));
    out.add(list("traces, oldest, 30 d", "/api/v1/traces" + month + "&sort=start"));
    out.add(list("traces, cheapest, 30 d", "/api/v1/traces" + month + "&sort=cost"));
    out.add(list("traces, fewest spans, 30 d", "/api/v1/traces" + month + "&sort=spans"));
    out.add(
        list(
            "traces, slowest, failed, 30 d",
            "/api/v1/traces" + month + "&sort=-duration&status=error"));
    out.add(list("traces, of a user, 30 d", "/api/v1/traces" + month + "&user=user-17"));
    out.add(list("sessions, 24 h", "/api/v1/sessions" + day));
    out.add(list("sessions, 30 d", "/api/v1/sessions" + month));
    out.add(list("sessions, dearest, 30 d", "/api/v1/sessions" + month + "&sort=-cost"));
    out.add(list("sessions, longest, 30 d", "/api/v1/sessions" + month + "&sort=-duration"));
    out.add(list("sessions, shortest, 30 d", "/api/v1/sessions" + month + "&sort=duration"));
    out.add(
        list(
            "sessions, dearest, of a team, 30 d",
            "/api/v1/sessions" + month + "&sort=-cost&team=team-3"));
    out.add(list("sessions, text, 30 d", "/api/v1/sessions" + month + "&q=session-17"));
    out.add(list("sessions, new text, 30 d", "/api/v1/sessions" + month + "&q=session-" + NEW));
    out.add(list("sessions, new id, 30 d", "/api/v1/sessions" + month + "&q=ab" + NEW));
    String agentOps = "/api/agentops/traces?project=default";
    out.add(list("agentops, newest, all time", agentOps));
    out.add(list("agentops, newest, 30 d", agentOps + times(endMs, 24L * days)));
    out.add(list("agentops, newest, 24 h", agentOps + times(endMs, 24)));
    out.add(list("agentops, slowest, all time", agentOps + "&order_by=duration"));
    out.add(list("agentops, dearest, all time", agentOps + "&order_by=total_cost"));
    out.add(list("agentops, cheapest, all time", agentOps + "&order_by=total_cost&sort_order=ASC"));
    out.add(list("agentops, by service, all time", agentOps + "&order_by=service_name"));
    out.add(list("agentops, text, all time", agentOps + "&query=abc4"));
    out.add(list("agentops, new text, all time", agentOps + "&query=ab" + NEW));
    out.add(new Asked("trace", "/api/v1/traces/" + ids.get("trace"), LIST_MS));
    out.add(new Asked("session", "/api/v1/sessions/" + ids.get("session"), LIST_MS));
    out.add(new Asked("coverage, 30 d", "/api/v1/coverage" + month, 0));
    out.add(new Asked("status", "/api/v1/status", 0));
    out.add(new Asked("metrics", "/metrics", 0));
    return out;
  }

  /** The path of a request, the first of which is 0. */
  String path(int request) {
    return path.replace(NEW, Integer.toString(FIRST_NEW + request));
  }

  /** Those that were dear when nothing had been asked, over ranges that end now. */
  static List<Asked> first() {
    String month = "?from=now-30d";
    String agentOps = "/api/agentops/traces?project=default";
    return List.of(
        list("first: calls, dearest, 30 d", "/api/v1/calls" + month + "&sort=-cost"),
        list("first: traces, slowest, 30 d", "/api/v1/traces" + month + "&sort=-duration"),
        list("first: traces, dearest, 30 d", "/api/v1/traces" + month + "&sort=-cost"),
        list("first: traces, most errors, 30 d", "/api/v1/traces" + month + "&sort=-errors"),
        list("first: traces, text, 30 d", "/api/v1/traces" + month + "&q=session-17"),
        list("first: calls, of a user, 30 d", "/api/v1/calls" + month + "&user=user-17"),
        list(
            "first: traces, dearest, of a team, 30 d",
            "/api/v1/traces" + month + "&sort=-cost&team=team-3"),
        list("first: traces, fastest, 30 d", "/api/v1/traces" + month + "&sort=duration"),
        list("first: traces, fewest spans, 30 d", "/api/v1/traces" + month + "&sort=spans"),
        list("first: traces, fewest errors, 30 d", "/api/v1/traces" + month + "&sort=errors"),
        list("first: traces, failed, 30 d", "/api/v1/traces" + month + "&status=error"),
        list(
            "first: calls, most tokens, of a team, 30 d",
            "/api/v1/calls" + month + "&sort=-tokens&team=team-3"),
        list("first: traces, slowest, 24 h", "/api/v1/traces?from=now-24h&sort=-duration"),
        list("first: sessions, dearest, 30 d", "/api/v1/sessions" + month + "&sort=-cost"),
        list("first: sessions, cheapest, 30 d", "/api/v1/sessions" + month + "&sort=cost"),
        list("first: sessions, shortest, 30 d", "/api/v1/sessions" + month + "&sort=duration"),
        list("first: sessions, text, 30 d", "/api/v1/sessions" + month + "&q=session-17"),
        list("first: agentops, newest, all time", agentOps),
        list("first: agentops, text, all time", agentOps + "&query=abc4"));
  }

  /** AgentOps' parameters of a range. */
  private static String times(long endMs, long hours) {
    Instant end = Instant.ofEpochMilli(endMs - 10_000);
    return "&start_time=" + end.minusMillis(hours * HOUR) + "&end_time=" + end;
  }

  private static Asked series(String name, String query) {
    return new Asked("timeseries: " + name, "/api/v1/timeseries" + query, 0);
  }

  private static Asked list(String name, String path) {
    return new Asked(name, path, LIST_MS);
  }

  /** The last hours, with both ends inside a minute. */
  static String range(long endMs, long hours) {
    return "?from=" + (endMs - hours * HOUR - 10_000) + "&to=" + (endMs - 10_000);
  }
}
