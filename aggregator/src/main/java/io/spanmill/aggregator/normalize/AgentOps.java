/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import io.spanmill.pricing.Providers;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The AgentOps SDK. Its model calls come under the scope of the wrapped package ({@code openai},
 * {@code anthropic}); the resource says whose they are. Of Anthropic it tells the input without the
 * prompt cache, and nothing of the cache.
 */
final class AgentOps extends Dialect {
  private static final byte[] SCOPE = LiteLlm.ascii("agentops");

  private int[] kind = {};
  private int[] library = {};
  private int[] project = {};

  AgentOps() {
    super(
        "agentops",
        new FieldKeys()
            .with(GenAiSemconv.COMMON)
            .with(GenAiSemconv.USAGE)
            .with(Field.SESSION, "workflow.session_id", "agentops.session.id")
            .with(Field.USER, "workflow.user_id")
            .with(Field.ENVIRONMENT, "agentops.environment")
            .with(Field.AGENT, "operation.name")
            .with(Field.TOOL, "operation.name")
            .with(Field.WORKFLOW, "operation.name"));
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    kind = all.slots("agentops.span.kind");
    library = all.slots("instrumentation.name");
    project = all.slots("agentops.project.id");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    AttributeView attributes = span.attributes();
    String of = Values.text(attributes, kind);
    String operation = text(attributes, Field.OPERATION);
    if (of.isEmpty() && operation.isEmpty()) {
      return null;
    }
    if (of.isEmpty()
        && !span.scopeNameEquals(SCOPE)
        && !Values.told(span.resource(), project)
        && !Values.text(attributes, library).equals("agentops")) {
      return null;
    }
    // A decorated llm span repeats the figures of the call below it only if it has any.
    if (of.isEmpty() || of.equals("llm") || of.equals("llm.call")) {
      return callOrNull(operation, attributes);
    }
    return Operations.of(of).role();
  }

  private @Nullable Role callOrNull(String operation, AttributeView attributes) {
    if (!operation.isEmpty()) {
      Role role = Operations.of(operation).role();
      return role == Role.OTHER ? null : role;
    }
    return Values.told(attributes, slots(Field.INPUT_TOKENS)) ? Role.CLIENT_SDK : Role.WORKFLOW;
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    if (out.provider.isEmpty() && !span.scopeNameEquals(SCOPE)) {
      out.provider = Providers.canonical(span.scopeName());
    }
  }

  @Override
  List<String> firstTokenEvents() {
    return List.of("first_token_received");
  }
}
