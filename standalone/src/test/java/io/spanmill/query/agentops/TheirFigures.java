/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.query.agentops.SentTraces.Sent;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;

/** Project metrics as AgentOps would work them out from the same spans, by its own definitions. */
final class TheirFigures {
  private TheirFigures() {}

  static String of(List<Sent> traces) {
    ObjectNode out = new ObjectMapper().createObjectNode();
    out.put("project_id", FakeAgentOps.PROJECT);
    out.put("trace_count", traces.size());
    out.putObject("span_count").put("total", traces.stream().mapToInt(t -> t.spans.size()).sum());
    long tokens = 0;
    BigDecimal ofSuccess = BigDecimal.ZERO;
    var success = out.putArray("success_datetime");
    var fail = out.putArray("fail_datetime");
    var indeterminate = out.putArray("indeterminate_datetime");
    var durations = out.putArray("trace_durations");
    for (Sent t : traces) {
      // State of the span that began last.
      Span last =
          t.spans.stream().max(Comparator.comparingLong(Span::getStartTimeUnixNano)).orElseThrow();
      switch (last.getStatus().getCodeValue()) {
        case 1 -> success.add("2026-01-01T00:00:00");
        case 2 -> fail.add("2026-01-01T00:00:00");
        default -> indeterminate.add("2026-01-01T00:00:00");
      }
      if (!t.rootFailed && t.cost != null) {
        ofSuccess = ofSuccess.add(t.cost);
      }
      long nested = 0;
      for (Span s : t.spans) {
        nested += s.getEndTimeUnixNano() - s.getStartTimeUnixNano();
        tokens += number(s, "gen_ai.usage.total_tokens");
      }
      durations.add(nested);
    }
    ObjectNode money = out.putObject("token_metrics");
    money.put(
        "total_cost", ofSuccess.setScale(5, java.math.RoundingMode.HALF_EVEN).toPlainString());
    money.putObject("total_tokens").put("all", tokens);
    out.putObject("trace_cost_dates").put("2026-01-01", ofSuccess);
    return out.toString();
  }

  private static long number(Span span, String key) {
    return span.getAttributesList().stream()
        .filter(a -> a.getKey().equals(key))
        .map(KeyValue::getValue)
        .mapToLong(v -> v.getIntValue())
        .sum();
  }
}
