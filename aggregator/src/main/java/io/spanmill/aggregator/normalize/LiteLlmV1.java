/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import io.spanmill.pricing.Providers;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * LiteLLM's {@code otel} callback of all releases, its semconv mode included. A call's keys may lie
 * on {@code litellm_request}, on the proxy's server span (then one span is the attempt and the
 * request), or on a foreign span that was active.
 */
final class LiteLlmV1 extends LiteLlm {
  private static final byte[] RAW = ascii("raw_gen_ai_request");
  private static final byte[] ROOT = ascii("Received Proxy Server Request");
  private static final byte[] FAILED = ascii("Failed Proxy Server Request");
  private static final byte[] CALL = ascii("litellm_request");

  /** How a request's metadata name its session. */
  private static final List<String> SESSION_KEYS = List.of("session_id", "litellm_session_id");

  /** What LiteLLM calls a trace whose caller did not name it: a UUID, or OpenTelemetry's id. */
  private static final Pattern OWN_NAME =
      Pattern.compile("(?i)[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}");

  /** Providers under whose name the raw request's fields are told: {@code llm.openai.model}. */
  private static final List<String> RAW_PROVIDERS =
      List.of(
          "openai",
          "azure",
          "azure_ai",
          "anthropic",
          "bedrock",
          "vertex_ai",
          "vertex_ai_beta",
          "gemini",
          "mistral",
          "cohere",
          "cohere_chat",
          "groq",
          "deepseek",
          "xai",
          "together_ai",
          "fireworks_ai",
          "hosted_vllm",
          "vllm",
          "openrouter",
          "ollama",
          "ollama_chat",
          "perplexity",
          "replicate",
          "huggingface",
          "deepinfra",
          "sagemaker",
          "databricks",
          "watsonx",
          "cerebras",
          "nvidia_nim",
          "voyage",
          "jina_ai",
          "text-completion-openai",
          "custom_openai",
          "openai_like",
          "litellm_proxy",
          "Unknown",
          "None");

  private final LooseObject hiddenKeys = new LooseObject();
  private final UsageObject usageObjects = new UsageObject();

  /** Of each slot whether its key marks a raw request: far more than a span has attributes. */
  private boolean[] rawFields = {};

  private int[] serviceSpan = {};
  private int serviceName;
  private int callType;
  private int[] request = {};
  private int[] inference = {};
  private int[] remains = {};
  private int[] ownKeys = {};
  private int[] hiddenParams = {};
  private int[] usageObject = {};
  private int[] requester = {};
  private int[] traceName = {};
  private int[] alias = {};
  private int[] path = {};
  private int[] providerModel = {};

  LiteLlmV1(Set<String> gatewayServices) {
    super(
        "litellm-v1",
        new FieldKeys()
            .with(Field.PROVIDER, "gen_ai.provider.name", "gen_ai.system", "llm.provider")
            .with(Field.REQUEST_MODEL, "gen_ai.request.model", "llm.model_name")
            .with(Field.RESPONSE_MODEL, "gen_ai.response.model", "llm.response.model")
            .with(
                Field.OPERATION,
                "llm.request.type",
                "gen_ai.operation.name",
                "openinference.span.kind")
            .with(Field.CALL_ID, "litellm.call_id")
            .with(Field.RESPONSE_ID, "gen_ai.response.id", "llm.response.id")
            .with(Field.STREAMING, "llm.is_streaming", "gen_ai.request.stream")
            .with(Field.CACHE_HIT, "litellm.cache_hit")
            .with(
                Field.FINISH_REASON,
                "gen_ai.response.finish_reasons",
                "gen_ai.completion.0.finish_reason",
                "SpanAttributes.LLM_COMPLETIONS.0.finish_reason")
            .with(
                Field.SERVICE_TIER,
                "gen_ai.openai.response.service_tier",
                "gen_ai.openai.request.service_tier")
            .with(GenAiSemconv.USAGE)
            .with(OpenInference.USAGE)
            .with(
                Field.COST,
                "litellm.cost.total",
                "gen_ai.cost.total_cost",
                "llm.cost.total",
                "llm.response.cost")
            .with(Field.INPUT_COST, "gen_ai.cost.input_cost")
            .with(Field.OUTPUT_COST, "gen_ai.cost.output_cost")
            .with(Field.ERROR_TYPE, "error.type")
            .with(Field.ERROR_CODE, "error.code")
            .with(Field.ERROR_MESSAGE, "error.message")
            .with(Field.HTTP_STATUS, "http.response.status_code", "http.status_code")
            .with(
                Field.TEAM,
                "metadata.user_api_key_team_alias",
                "metadata.user_api_key_team_id",
                "metadata.team_alias",
                "metadata.team_id")
            .with(Field.API_KEY, "metadata.user_api_key_alias")
            .with(Field.USER, "metadata.user_api_key_user_id")
            .with(Field.END_USER, "metadata.user_api_key_end_user_id", "llm.user")
            .with(Field.SESSION, "gen_ai.conversation.id", "session.id", "metadata.session_id")
            .with(Field.AGENT, "gen_ai.agent.name"),
        gatewayServices);
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    List<String> raw = new ArrayList<>();
    for (String provider : RAW_PROVIDERS) {
      for (String field : List.of("model", "messages", "input", "stringified_raw_response")) {
        raw.add("llm." + provider + "." + field);
      }
    }
    rawFields = marked(all.slots(raw));
    serviceName = all.slot("service");
    callType = all.slot("call_type");
    serviceSpan = all.slots("guardrail_name", "litellm.guardrail.name", "mcp.method.name");
    request = all.slots("llm.request.type");
    inference =
        all.slots(
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.prompt",
            "llm.token_count.completion");
    remains =
        all.slots(
            "litellm.call_id",
            "gen_ai.response.id",
            "gen_ai.response.model",
            "gen_ai.response.finish_reasons",
            "llm.is_streaming",
            "gen_ai.completion.0.role",
            "gen_ai.output.messages",
            "gen_ai.input.messages",
            "hidden_params");
    ownKeys = all.slots("hidden_params", "metadata.user_api_key_hash", "litellm.call_id");
    hiddenParams = all.slots("hidden_params");
    usageObject = all.slots("metadata.usage_object");
    requester = all.slots("metadata.requester_metadata");
    traceName = all.slots("litellm.trace_id");
    alias = all.slots("litellm.model_group");
    path = all.slots("url.path");
    providerModel = all.slots("litellm.provider.model");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    if (!hasScope(span)) {
      // Keys written onto whatever span was active; other dialects know llm.request.type as well.
      AttributeView foreign = span.attributes();
      if (Values.told(foreign, request) && Values.told(foreign, ownKeys)) {
        return callOrRejected(foreign);
      }
      return null;
    }
    if (span.nameEquals(RAW)) {
      return Role.RAW;
    }
    if (span.nameEquals(FAILED)) {
      return Role.INFRA;
    }
    AttributeView attributes = span.attributes();
    // The call's own name is never given to a raw span; a configured one is given to both.
    if (!span.nameEquals(CALL) && !span.nameEquals(ROOT) && attributes.hasAny(rawFields)) {
      return Role.RAW;
    }
    if ((attributes.has(serviceName) && attributes.has(callType))
        || Values.told(attributes, serviceSpan)) {
      return Role.INFRA;
    }
    if (Values.told(attributes, request)) {
      return isTurnedAway(text(attributes, Field.ERROR_TYPE))
          ? Role.INFRA
          : callOrRejected(attributes);
    }
    if (Values.told(attributes, inference)
        || Operations.of(text(attributes, Field.OPERATION)).isModelCall()) {
      return Role.GATEWAY_CALL;
    }
    if (span.nameEquals(ROOT) || span.kind() == SpanKind.SERVER) {
      return isRequest(span) ? Role.GATEWAY_ROOT : Role.INFRA;
    }
    // With many tools the SDK's limit of 128 attributes throws out the oldest: model, tokens, cost.
    if (span.droppedAttributesCount() > 0
        && (span.nameEquals(CALL) || Values.told(attributes, remains))) {
      return Role.GATEWAY_CALL;
    }
    return Role.INFRA;
  }

  private static boolean[] marked(int[] slots) {
    boolean[] marked = new boolean[Arrays.stream(slots).max().orElse(-1) + 1];
    for (int slot : slots) {
      marked[slot] = true;
    }
    return marked;
  }

  /** A request the proxy turned away leaves a span whose type is its route: no model was asked. */
  private Role callOrRejected(AttributeView attributes) {
    return Values.text(attributes, request).startsWith("/") ? Role.INFRA : Role.GATEWAY_CALL;
  }

  /** Errors of the proxy itself: on a call's own span they say that no model was asked. */
  private static boolean isTurnedAway(String errorType) {
    return errorType.equals("ProxyException") || errorType.equals("HTTPException");
  }

  /**
   * A server span inside another one of the same process is not the request; that one is. Releases
   * that can be opened inside FastAPI's own spans tell the path; older ones that do not mark a
   * remote parent are the outermost.
   */
  private boolean isRequest(TraceReader span) {
    return asksModel(span.attributes())
        && !(SpanKind.hasLocalParent(span) && Values.told(span.attributes(), path));
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    if (out.role != Role.GATEWAY_CALL) {
      return;
    }
    AttributeView attributes = span.attributes();
    out.alsoGatewayRequest =
        (span.nameEquals(ROOT) || (span.kind() == SpanKind.SERVER && !hasScope(span)))
            && isRequest(span);
    if (span.droppedAttributesCount() > 0) {
      out.flags |= NormalizedSpan.TRUNCATED;
    }
    String hidden = Values.text(attributes, hiddenParams);
    hiddenKeys.read(hidden, hidden.indexOf('{'));
    readModel(attributes, hidden, out);
    if (out.session.isEmpty()) {
      out.session = session(attributes);
    }
    readDetails(attributes, hidden, out.provider, figures);
    if (out.reportedPicoUsd == PicoUsd.ABSENT && !out.has(NormalizedSpan.BAD_COST)) {
      readHiddenCost(hidden, out);
    }
    boolean keyOfHit = LooseText.isTold(hidden, hiddenKeys.find("cache_key"));
    // Releases before hidden_params did not even learn who would have answered.
    boolean unknownProvider =
        hidden.isEmpty() && "Unknown".equals(text(attributes, Field.PROVIDER));
    out.cacheHit |= keyOfHit || (unknownProvider && !out.responseId.isEmpty());
  }

  private void readModel(AttributeView attributes, String hidden, NormalizedSpan out) {
    String routed = Values.text(attributes, providerModel);
    if (routed.isEmpty()) {
      String told = LooseText.token(hidden, hiddenKeys.find("litellm_model_name"));
      routed = told == null || told.equals("null") ? "" : told;
    }
    if (out.provider.isEmpty()) {
      // Embeddings and pass-through routes leave it to the name of the deployment.
      int slash = routed.indexOf('/');
      String first = slash > 0 ? routed.substring(0, slash) : "";
      if (RAW_PROVIDERS.contains(first)) {
        out.provider = Providers.canonical(first);
      }
    }
    String group = Values.text(attributes, alias);
    if (group.isEmpty() && !routed.isEmpty() && isAlias(out)) {
      group = out.responseModel;
    }
    nameModel(out, group, out.requestModel);
  }

  /**
   * Some releases put the public alias in place of the answer's model and do not tell the alias. An
   * answer's model begins with the model asked for; only Azure's deployments are named freely.
   */
  private static boolean isAlias(NormalizedSpan out) {
    return !out.provider.startsWith("azure")
        && !out.requestModel.isEmpty()
        && !ModelNames.normalize(out.responseModel, out.provider)
            .startsWith(ModelNames.normalize(out.requestModel, out.provider));
  }

  /**
   * The session as the caller gave it in the request's metadata. Releases that tell a trace by name
   * put the session there, or without one a UUID of their own, which names no session.
   */
  private String session(AttributeView attributes) {
    String metadata = Values.text(attributes, requester);
    for (String key : SESSION_KEYS) {
      int value = LooseText.find(metadata, key);
      String told = LooseText.isTold(metadata, value) ? LooseText.token(metadata, value) : null;
      if (told != null) {
        return told;
      }
    }
    String named = Values.text(attributes, traceName);
    return OWN_NAME.matcher(named).matches() ? "" : named;
  }

  /** Cached, reasoning and audio tokens stand only in the usage object. */
  private void readDetails(
      AttributeView attributes, String hidden, String provider, Figures figures) {
    String usage = Values.text(attributes, usageObject);
    int object = usage.indexOf('{');
    if (object < 0) {
      usage = hidden;
      object = hiddenKeys.find("usage_object");
    }
    usageObjects.readOpenAi(usage, object, figures);
    // It adds reads from a prompt cache to the prompt; writes since 1.78, which details them as
    // well,
    // but for Bedrock.
    figures.inputIncludesReads = true;
    int prompt = usageObjects.usage().find("prompt_tokens_details");
    figures.inputExcludesWrites =
        prompt >= 0
            && LooseText.isTold(usage, prompt)
            && usageObjects.prompt().find("cache_creation_tokens") < 0
            && !provider.equals("aws.bedrock");
  }

  private void readHiddenCost(String hidden, NormalizedSpan out) {
    int value = hiddenKeys.find("response_cost");
    if (LooseText.isTold(hidden, value)) {
      BigDecimal usd = Values.decimal(LooseText.token(hidden, value));
      ReportedCost.take(usd, out);
    }
  }
}
