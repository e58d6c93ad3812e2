/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.ListedRows.Call;
import io.spanmill.query.ListedRows.Span;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * AgentOps' lists against what sorting and summing up all rows gives: pages of half of the orders,
 * searches, and the sums over all traces. Used by one thread.
 */
final class AgentOpsLists {
  private static final long DAY_MS = 86_400_000;
  private static final Map<String, Comparator<Trace>> ORDERS = orders();

  private final List<Span> spans;
  private final List<Call> calls;
  private final Random random;
  private final Get get;

  /** Asks the query API. */
  interface Get {
    JsonNode json(String path) throws Exception;
  }

  /**
   * @param spans all there are, whatever is added
   * @param calls the same, in their newest version
   */
  AgentOpsLists(List<Span> spans, List<Call> calls, Random random, Get get) {
    this.spans = spans;
    this.calls = calls;
    this.random = random;
    this.get = get;
  }

  private static final class Trace extends SummedTrace {
    private Span first;
    private boolean open;
    private boolean tagged;

    Trace(Span s) {
      super(s.trace());
      first = s;
    }

    @Override
    void add(Span s) {
      super.add(s);
      Comparator<Span> order =
          Comparator.comparing((Span x) -> !x.root())
              .thenComparing(Span::startNs)
              .thenComparing(Span::id);
      first = order.compare(s, first) < 0 ? s : first;
      open |= s.open();
      tagged |= !s.tags().isEmpty();
    }

    String state() {
      if (failed()) {
        return "fail";
      }
      return open || (!roots && !requests && counted == 0) ? "indeterminate" : "success";
    }

    boolean matches(String text) {
      return text.isEmpty()
          || Span.contains(id, text)
          || (roots && Span.contains(first.name(), text))
          || (tagged && Span.contains("[\"gold\"]", text));
    }
  }

  private static Map<String, Comparator<Trace>> orders() {
    Map<String, Comparator<Trace>> out = new LinkedHashMap<>();
    out.put("start_time", Comparator.comparing(t -> t.startNs));
    out.put("trace_id", Comparator.comparing(t -> t.id));
    out.put("span_name", Comparator.comparing(t -> t.first.name()));
    out.put("tags", Comparator.comparing(t -> t.first.tags()));
    out.put("duration", Comparator.comparing(t -> t.endNs - t.startNs));
    out.put("span_count", Comparator.comparing(t -> t.spans));
    out.put("error_count", Comparator.comparing(t -> t.errors));
    out.put("total_cost", Comparator.comparing(t -> t.priced ? t.cost : -1));
    out.replaceAll((name, order) -> order.thenComparing(t -> t.id));
    return out;
  }

  /**
   * @param fromMs 0: from the beginning
   * @param toMs of traces that began before; 0: of all
   * @param text what is searched for, or empty
   */
  void check(String project, long fromMs, long toMs, String text) throws Exception {
    List<Trace> found = found(project, fromMs, toMs == 0 ? Long.MAX_VALUE / 1_000_000 : toMs, text);
    String path =
        "/api/agentops/traces?project="
            + project
            + (fromMs == 0 ? "" : "&start_time=" + Instant.ofEpochMilli(fromMs))
            + (toMs == 0 ? "" : "&end_time=" + Instant.ofEpochMilli(toMs - 1))
            + (text.isEmpty() ? "" : "&query=" + URLEncoder.encode(text, StandardCharsets.UTF_8));
    for (Map.Entry<String, Comparator<Trace>> order : ORDERS.entrySet()) {
      if (random.nextBoolean()) {
        continue;
      }
      List<Trace> sorted = new ArrayList<>(found);
      sorted.sort(order.getValue());
      boolean descending = random.nextBoolean();
      if (descending) {
        Collections.reverse(sorted);
      }
      int offset = random.nextInt(3) == 0 ? random.nextInt(sorted.size() + 1) : 0;
      String page =
          path
              + "&order_by="
              + order.getKey()
              + (descending ? "&sort_order=DESC" : "&sort_order=ASC")
              + "&limit=90&offset="
              + offset;
      JsonNode answer = get.json(page);
      List<String> ids = new ArrayList<>();
      answer.path("traces").forEach(t -> ids.add(t.path("trace_id").asText()));
      assertThat(ids)
          .as(page)
          .isEqualTo(sorted.stream().skip(offset).limit(90).map(t -> t.id).toList());
      assertSums(answer, found, page);
    }
  }

  private static void assertSums(JsonNode answer, List<Trace> found, String path) {
    JsonNode metrics = answer.path("metrics");
    Map<String, Long> expected = new LinkedHashMap<>();
    expected.put("trace_count", (long) found.size());
    expected.put("span_count", found.stream().mapToLong(t -> t.spans).sum());
    for (String state : List.of("success", "fail", "indeterminate")) {
      expected.put(state + "_count", found.stream().filter(t -> t.state().equals(state)).count());
    }
    expected.put("total_tokens", found.stream().mapToLong(t -> t.tokens).sum());
    Map<String, Long> told = new LinkedHashMap<>();
    expected.keySet().forEach(name -> told.put(name, metrics.path(name).asLong()));
    assertThat(told).as(path).isEqualTo(expected);
    assertThat(answer.path("total").asLong()).as(path).isEqualTo(found.size());
    assertThat(metrics.path("total_cost").asText())
        .as(path)
        .isEqualTo(
            BigDecimal.valueOf(found.stream().mapToLong(t -> t.cost).sum(), 12)
                .setScale(7, RoundingMode.HALF_EVEN)
                .toPlainString());
  }

  private List<Trace> found(String project, long fromMs, long toMs, String text) {
    Map<String, Trace> all = new HashMap<>();
    for (Span s : spans) {
      if (s.project().equals(project) && s.ts() >= fromMs && s.ts() < toMs + DAY_MS) {
        all.computeIfAbsent(s.trace(), id -> new Trace(s)).add(s);
      }
    }
    for (Call c : calls) {
      Trace t = all.get(c.trace());
      if (t != null && c.eventMs() >= fromMs && c.eventMs() < toMs + DAY_MS) {
        t.add(c);
      }
    }
    return all.values().stream()
        .filter(t -> t.startNs >= fromMs * 1_000_000 && t.startNs < toMs * 1_000_000)
        .filter(t -> t.matches(text))
        .toList();
  }
}
