/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Row;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Agents, tools, workflows and models, and which led to which: each span and call once, each edge
 * from the nearest such span above, or from the service where there is none. Not thread-safe.
 */
final class FlowGraph {
  private static final int MAX_DEPTH = 200;

  private final Map<String, Row> spans = new HashMap<>();
  private final Map<String, Row> calls = new HashMap<>();
  private final Map<String, Group> nodes = new LinkedHashMap<>();
  private final Map<List<String>, Group> edges = new LinkedHashMap<>();
  private final Set<String> traces = new HashSet<>();
  private final Set<String> attempts = new HashSet<>();

  /** Figures of a node or an edge. */
  private static final class Group {
    long errors;
    long retries;
    long unpriced;
    long tokens;
    @Nullable BigDecimal cost;
    final List<Long> micros = new ArrayList<>();

    void add(boolean failed, long us) {
      errors += failed ? 1 : 0;
      micros.add(Math.max(0, us));
    }

    void money(Row call) {
      BigDecimal usd = call.money("cost");
      if (usd != null) {
        BigDecimal before = cost;
        cost = before == null ? usd : before.add(usd);
      }
      unpriced += call.text("cost_kind").equals("unpriced") ? 1 : 0;
      for (String kind :
          List.of(
              "input_tokens",
              "cache_read_tokens",
              "cache_write_tokens",
              "output_tokens",
              "reasoning_tokens")) {
        tokens += Math.max(0, call.integer(kind));
      }
    }
  }

  FlowGraph(List<Row> spanRows, List<Row> callRows) {
    for (Row s : spanRows) {
      spans.putIfAbsent(key(s.text("trace"), s.text("span")), s);
      traces.add(s.text("trace"));
    }
    for (Row c : callRows) {
      if (calls.putIfAbsent(key(c.text("trace"), c.text("span")), c) == null) {
        traces.add(c.text("trace"));
      }
    }
    spans.values().stream()
        .filter(s -> nodeOf(s) != null && !calls.containsKey(key(s.text("trace"), s.text("span"))))
        .forEach(this::span);
    calls.values().stream()
        .sorted(Comparator.comparingLong(c -> c.integer("start_ns")))
        .forEach(this::call);
  }

  private void span(Row s) {
    String node = String.valueOf(nodeOf(s));
    group(nodes, node).add(s.bool("failed"), s.integer("us"));
    String source = sourceOf(s.text("trace"), s.text("parent"), s.text("service"));
    group(edges, List.of(source, node)).add(s.bool("failed"), s.integer("us"));
  }

  private void call(Row c) {
    String model = c.text("model");
    String node = "model:" + (model.isEmpty() ? "unknown" : model);
    Group of = group(nodes, node);
    of.add(c.bool("failed"), c.integer("duration_us"));
    of.money(c);
    String source = sourceOf(c.text("trace"), c.text("parent"), c.text("service"));
    Group edge = group(edges, List.of(source, node));
    edge.add(c.bool("failed"), c.integer("duration_us"));
    edge.money(c);
    String id = c.text("call_id");
    if (!id.isEmpty() && !attempts.add(c.text("layer") + " " + c.text("trace") + " " + id)) {
      edge.retries++;
    }
    // An agent's money is that of the calls beneath it.
    Group above = nodes.get(source);
    if (above != null && source.startsWith("agent:")) {
      above.money(c);
    }
  }

  /** The nearest span above that is a node; the service if there is none, made a node then. */
  private String sourceOf(String trace, String parent, String service) {
    String at = parent;
    String outermost = service;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
      Row above = spans.get(key(trace, at));
      if (above == null) {
        break;
      }
      String node = calls.containsKey(key(trace, at)) ? null : nodeOf(above);
      if (node != null) {
        return node;
      }
      outermost = above.text("service");
      at = above.text("parent");
    }
    String root = "service:" + (outermost.isEmpty() ? "unknown" : outermost);
    group(nodes, root);
    return root;
  }

  private static @Nullable String nodeOf(Row s) {
    return switch (s.text("role")) {
      case "AGENT" -> "agent:" + first(s.text("agent"), s.text("name"));
      case "TOOL" -> "tool:" + first(s.text("tool"), s.text("name"));
      case "WORKFLOW" -> "workflow:" + first(s.text("workflow"), s.text("name"));
      default -> null;
    };
  }

  private static String first(String a, String b) {
    return a.isEmpty() ? b : a;
  }

  int traceCount() {
    return traces.size();
  }

  List<Object> nodes() {
    // A service counts what it leads to.
    Map<String, Long> led = new HashMap<>();
    Map<String, Long> ledErrors = new HashMap<>();
    edges.forEach(
        (k, g) -> {
          led.merge(k.get(0), (long) g.micros.size(), Long::sum);
          ledErrors.merge(k.get(0), g.errors, Long::sum);
        });
    List<Object> out = new ArrayList<>();
    nodes.forEach(
        (id, g) -> {
          boolean service = id.startsWith("service:");
          long count = service ? led.getOrDefault(id, 0L) : g.micros.size();
          long errors = service ? ledErrors.getOrDefault(id, 0L) : g.errors;
          out.add(
              object(
                  "id", id,
                  "kind", id.substring(0, id.indexOf(':')),
                  "name", id.substring(id.indexOf(':') + 1),
                  "count", count,
                  "errors", errors,
                  "failRate", Json.ratio(errors, count),
                  "p50Ms", quantile(g, 0.5),
                  "p95Ms", quantile(g, 0.95),
                  "costUsd", Json.usd(g.cost),
                  "unpricedCalls", g.unpriced,
                  "totalTokens", g.tokens));
        });
    return out;
  }

  List<Object> edges() {
    List<Object> out = new ArrayList<>();
    edges.forEach(
        (k, g) ->
            out.add(
                object(
                    "source", k.get(0),
                    "target", k.get(1),
                    "count", g.micros.size(),
                    "errors", g.errors,
                    "failRate", Json.ratio(g.errors, g.micros.size()),
                    "p50Ms", quantile(g, 0.5),
                    "p95Ms", quantile(g, 0.95),
                    "costUsd", Json.usd(g.cost),
                    "loop", reaches(k.get(1), k.get(0)),
                    "retries", g.retries)));
    return out;
  }

  private boolean reaches(String from, String to) {
    Deque<String> open = new ArrayDeque<>(List.of(from));
    Set<String> seen = new HashSet<>(open);
    while (!open.isEmpty()) {
      String at = open.pop();
      if (at.equals(to)) {
        return true;
      }
      for (List<String> edge : edges.keySet()) {
        if (edge.get(0).equals(at) && seen.add(edge.get(1))) {
          open.push(edge.get(1));
        }
      }
    }
    return false;
  }

  private static @Nullable Double quantile(Group g, double q) {
    if (g.micros.isEmpty()) {
      return null;
    }
    List<Long> sorted = g.micros.stream().sorted().toList();
    int rank = Math.max(1, (int) Math.ceil(q * sorted.size()));
    return sorted.get(rank - 1) / 1000.0;
  }

  private static <K> Group group(Map<K, Group> groups, K key) {
    return groups.computeIfAbsent(key, k -> new Group());
  }

  private static String key(String trace, String span) {
    return trace + span;
  }
}
