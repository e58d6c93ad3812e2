/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * LiteLLM with {@code LITELLM_OTEL_V2=true}: OpenTelemetry's GenAI keys and its own {@code
 * litellm.*}. Baggage puts {@code gen_ai.request.model} and team keys on every span of a request,
 * so they prove nothing.
 */
final class LiteLlmV2 extends LiteLlm {
  private int callType;
  private int[] serviceSpan = {};
  private int[] baggage = {};
  private int[] providerModel = {};
  private int[] tool = {};

  LiteLlmV2(Set<String> gatewayServices) {
    super(
        "litellm-v2",
        new FieldKeys()
            .with(Field.PROVIDER, "gen_ai.provider.name", "gen_ai.system")
            .with(Field.REQUEST_MODEL, "gen_ai.request.model")
            .with(Field.RESPONSE_MODEL, "gen_ai.response.model")
            .with(Field.OPERATION, "litellm.call_type", "gen_ai.operation.name")
            .with(Field.CALL_ID, "litellm.call_id")
            .with(Field.RESPONSE_ID, "gen_ai.response.id")
            .with(
                Field.STREAMING,
                "litellm.request.streaming",
                "llm.is_streaming",
                "gen_ai.request.stream")
            .with(Field.CACHE_HIT, "litellm.cache_hit")
            .with(Field.FINISH_REASON, "gen_ai.response.finish_reasons")
            .with(
                Field.SERVICE_TIER,
                "openai.response.service_tier",
                "gen_ai.openai.response.service_tier",
                "gen_ai.openai.request.service_tier")
            .with(GenAiSemconv.USAGE)
            .with(Field.COST, "litellm.cost.total", "gen_ai.cost.total_cost", "gen_ai.usage.cost")
            .with(Field.TTFT_SECONDS, "gen_ai.response.time_to_first_chunk")
            .with(Field.ERROR_TYPE, "error.type")
            .with(Field.ERROR_CODE, "litellm.provider.error.code", "error.code")
            .with(Field.ERROR_MESSAGE, "error.message")
            .with(Field.HTTP_STATUS, "http.response.status_code", "http.status_code")
            .with(Field.TEAM, "litellm.team.alias", "litellm.team.id")
            .with(Field.API_KEY, "litellm.metadata.user_api_key_alias", "litellm.api_key.alias")
            .with(Field.USER, "litellm.metadata.user_api_key_user_id", "user.id")
            .with(
                Field.END_USER,
                "litellm.metadata.user_api_key_end_user_id",
                "litellm.end_user.id",
                "enduser.id")
            .with(Field.SESSION, "gen_ai.conversation.id", "session.id")
            .with(Field.AGENT, "gen_ai.agent.name")
            .with(Field.TOOL, "gen_ai.tool.name"),
        gatewayServices);
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    callType = all.slot("litellm.call_type");
    serviceSpan = all.slots("litellm.service.name", "litellm.guardrail.name");
    baggage =
        all.slots(
            "litellm.team.id", "litellm.api_key.hash", "litellm.metadata.user_api_key_user_id");
    providerModel = all.slots("litellm.provider.model");
    tool = all.slots("mcp.method.name");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    AttributeView attributes = span.attributes();
    if (hasScope(span)) {
      if (Values.told(attributes, serviceSpan)) {
        return Role.INFRA;
      }
      if (Values.told(attributes, tool)) {
        return Role.TOOL;
      }
      return Values.told(attributes, callType) ? Role.GATEWAY_CALL : null;
    }
    if (isServerSpan(span) && (Values.told(attributes, baggage) || isGatewayService(span))) {
      return asksModel(attributes) ? Role.GATEWAY_ROOT : Role.INFRA;
    }
    return null;
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    if (out.role == Role.GATEWAY_CALL) {
      figures.inputIncludesReads = true;
      String asked = Values.text(span.attributes(), providerModel);
      nameModel(out, out.requestModel, ModelNames.normalize(asked, out.provider));
    }
  }
}
