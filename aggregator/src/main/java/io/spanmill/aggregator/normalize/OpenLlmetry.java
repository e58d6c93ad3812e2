/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * OpenLLMetry (Traceloop). Its chain, agent and tool spans carry {@code traceloop.span.kind}; its
 * model calls the conventions' keys. Input includes the prompt cache, Anthropic's too.
 */
final class OpenLlmetry extends Dialect {
  private int[] kind = {};
  private int[] marks = {};

  OpenLlmetry() {
    super(
        "openllmetry",
        new FieldKeys()
            .with(GenAiSemconv.COMMON)
            .with(GenAiSemconv.USAGE)
            .with(Field.SESSION, "traceloop.association.properties.session_id")
            .with(Field.USER, "traceloop.association.properties.user_id")
            .with(Field.AGENT, "traceloop.entity.name")
            .with(Field.TOOL, "traceloop.entity.name")
            .with(Field.WORKFLOW, "traceloop.workflow.name"));
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    kind = all.slots("traceloop.span.kind");
    marks =
        all.slots(
            "traceloop.workflow.name",
            "traceloop.entity.path",
            "llm.request.type",
            "gen_ai.is_streaming",
            "llm.is_streaming",
            "gen_ai.openai.api_base");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    AttributeView attributes = span.attributes();
    String of = Values.text(attributes, kind);
    if (!of.isEmpty()) {
      return Operations.of(of).role();
    }
    if (!Values.told(attributes, marks) && !isOwnScope(span)) {
      return null;
    }
    String operation = text(attributes, Field.OPERATION);
    return operation.isEmpty() ? null : knownOrNull(Operations.of(operation).role());
  }

  private static @Nullable Role knownOrNull(Role role) {
    return role == Role.OTHER ? null : role;
  }

  /**
   * Names such as {@code opentelemetry.instrumentation.anthropic}; OpenTelemetry's own end in _v2.
   */
  private static boolean isOwnScope(TraceReader span) {
    String scope = span.scopeName();
    return scope.startsWith("@traceloop/")
        || (scope.startsWith("opentelemetry.instrumentation.") && !scope.endsWith("_v2"));
  }

  @Override
  List<String> firstTokenEvents() {
    return List.of("llm.content.completion.chunk", "gen_ai.content.completion.chunk");
  }
}
