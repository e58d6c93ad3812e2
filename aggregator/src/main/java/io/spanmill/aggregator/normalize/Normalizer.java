/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.KeyTable;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;
import io.spanmill.pricing.Providers;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Says what a span means. One a thread: it keeps scratch space.
 *
 * <p>Cost on the hot path: one scan of the attributes; strings only for what a call keeps. Spans
 * that are no part of the flow leave after a few looks.
 */
public final class Normalizer {
  private static final Set<String> TIERS = Set.of("batch", "priority", "flex");

  private final List<Dialect> dialects;
  private final Dialect anyOther = new GenAiSemconv();
  private final KeyTable keys;
  private final FailureReader failures;
  private final Figures figures = new Figures();
  private final Set<String> direct;
  private final int[] service;
  private final int[] environment;
  private final int[] hosts;
  private final int[] servers;
  private final int[][] attributes;

  public Normalizer(NormalizerConfig config) {
    KeySlots all = new KeySlots();
    dialects = Dialects.all(config);
    for (Dialect dialect : dialects) {
      dialect.bind(all, config.keys().byField());
    }
    anyOther.bind(all, config.keys().byField());
    failures = new FailureReader(all);
    direct = config.direct();
    service = all.slots("service.name");
    environment =
        all.slots("deployment.environment.name", "deployment.environment", "agentops.environment");
    hosts = all.slots("host.name");
    servers = all.slots("server.address", "net.peer.name");
    attributes = new int[config.attributes().size()][];
    for (int i = 0; i < attributes.length; i++) {
      attributes[i] = all.slots(config.attributes().get(i));
    }
    keys = all.table();
  }

  /** The keys a {@link TraceReader} must be made with. */
  public KeyTable keys() {
    return keys;
  }

  /**
   * Fills in the reader's current span. {@code out} must be blank but for project, arrival, source
   * partition and offset, which stay.
   *
   * @return its role; what counts in no layer has no usage, cost or failure filled in
   * @throws MalformedOtlpException if the span's bytes make no sense
   */
  public Role normalize(TraceReader span, NormalizedSpan out) throws MalformedOtlpException {
    out.traceIdHi = span.traceIdHi();
    out.traceIdLo = span.traceIdLo();
    out.spanId = span.spanId();
    out.parentSpanId = span.parentSpanId();
    EventTime.read(span, out);
    if ((out.traceIdHi | out.traceIdLo) == 0 || out.spanId == 0) {
      // Ingest lets none through; who else writes the topic may. Nothing could tell it from others.
      return out.role;
    }
    Dialect dialect = null;
    for (Dialect candidate : dialects) {
      Role role = candidate.role(span);
      if (role != null) {
        dialect = candidate;
        out.role = role;
        break;
      }
    }
    if (dialect == null) {
      return out.role;
    }
    out.dialect = dialect.id();
    switch (out.role) {
      case GATEWAY_CALL, ENGINE, CLIENT_SDK -> readCall(span, dialect, out);
      case GATEWAY_ROOT -> readRequest(span, dialect, out);
      case AGENT, TOOL, WORKFLOW -> readStep(span, dialect, out);
      default -> {}
    }
    return out.role;
  }

  /**
   * Fills in origin and failure of a normalised span that is no part of the flow, for whoever keeps
   * all spans. Changes nothing on the others.
   */
  public void describe(TraceReader span, NormalizedSpan out) throws MalformedOtlpException {
    if (out.role == Role.RAW || out.role == Role.INFRA || out.role == Role.OTHER) {
      readOrigin(span, anyOther, out);
      failures.read(span, anyOther, out);
    }
  }

  private void readCall(TraceReader span, Dialect dialect, NormalizedSpan out)
      throws MalformedOtlpException {
    AttributeView view = span.attributes();
    readOrigin(span, dialect, out);
    out.provider = Providers.canonical(dialect.text(view, Field.PROVIDER));
    out.requestModel = dialect.text(view, Field.REQUEST_MODEL);
    out.responseModel = dialect.text(view, Field.RESPONSE_MODEL);
    out.model =
        ModelNames.normalize(
            out.responseModel.isEmpty() ? out.requestModel : out.responseModel, out.provider);
    String operation = dialect.text(view, Field.OPERATION);
    out.operation = operation.isEmpty() ? "" : Operations.of(operation).name();
    out.callId = dialect.text(view, Field.CALL_ID);
    out.responseId = dialect.text(view, Field.RESPONSE_ID);
    out.streaming = Values.isTrue(view, dialect.slots(Field.STREAMING));
    out.cacheHit = Values.isTrue(view, dialect.slots(Field.CACHE_HIT));
    out.finishReason = Values.firstItem(dialect.text(view, Field.FINISH_REASON));
    String tier = dialect.text(view, Field.SERVICE_TIER).toLowerCase(Locale.ROOT);
    out.serviceTier = TIERS.contains(tier) ? tier : "";
    out.agent = dialect.text(view, Field.AGENT);
    out.workflow = dialect.text(view, Field.WORKFLOW);
    failures.read(span, dialect, out);
    LatencyReader.read(span, dialect, out);
    ReportedCost.read(
        view,
        dialect.slots(Field.COST),
        dialect.slots(Field.INPUT_COST),
        dialect.slots(Field.OUTPUT_COST),
        out);
    readFigures(view, dialect);
    dialect.refine(span, out, figures);
    if (out.operation.isEmpty()) {
      out.operation = Operations.CHAT;
    }
    figures.write(out, out.operation.equals(Operations.EMBEDDINGS));
    dialect.finish(span, out);
    settle(out);
    LatencyReader.derivePerToken(out);
    out.layer = layer(span, out);
  }

  private void readFigures(AttributeView view, Dialect dialect) {
    figures.clear();
    figures.input = Values.count(view, dialect.slots(Field.INPUT_TOKENS));
    figures.output = Values.count(view, dialect.slots(Field.OUTPUT_TOKENS));
    figures.total = Values.count(view, dialect.slots(Field.TOTAL_TOKENS));
    figures.cacheRead = Values.count(view, dialect.slots(Field.CACHE_READ_TOKENS));
    figures.cacheWrite = Values.count(view, dialect.slots(Field.CACHE_WRITE_TOKENS));
    figures.cacheWrite1h = Values.count(view, dialect.slots(Field.CACHE_WRITE_1H_TOKENS));
    figures.reasoning = Values.count(view, dialect.slots(Field.REASONING_TOKENS));
    figures.audioInput = Values.count(view, dialect.slots(Field.AUDIO_INPUT_TOKENS));
    figures.audioOutput = Values.count(view, dialect.slots(Field.AUDIO_OUTPUT_TOKENS));
  }

  /** What follows from failure and cache hit, whoever told them. */
  private static void settle(NormalizedSpan out) {
    if (out.failed && out.hasUsage() && out.totalTokens() == 0) {
      // Senders fill in zeros where there was no answer: that is no usage.
      out.inputTokens = out.outputTokens = NormalizedSpan.ABSENT;
      out.cacheReadTokens = out.cacheWriteTokens = out.cacheWrite1hTokens = NormalizedSpan.ABSENT;
      out.reasoningTokens = out.audioInputTokens = out.audioOutputTokens = NormalizedSpan.ABSENT;
    }
    if (out.failed && !out.hasUsage() && out.reportedPicoUsd == 0) {
      out.reportedPicoUsd = PicoUsd.ABSENT;
    }
    out.cacheHit &= !out.failed;
    if (out.cacheHit) {
      out.savedTokens = out.totalTokens();
      out.inputTokens = out.cacheReadTokens = out.cacheWriteTokens = 0;
      out.outputTokens = out.reasoningTokens = 0;
      out.cacheWrite1hTokens = NormalizedSpan.ABSENT;
      out.audioInputTokens = out.audioOutputTokens = NormalizedSpan.ABSENT;
      out.reportedPicoUsd = 0;
    }
  }

  private void readRequest(TraceReader span, Dialect dialect, NormalizedSpan out)
      throws MalformedOtlpException {
    readOrigin(span, dialect, out);
    failures.read(span, dialect, out);
    out.layer = Layer.GATEWAY_REQUEST;
  }

  private void readStep(TraceReader span, Dialect dialect, NormalizedSpan out)
      throws MalformedOtlpException {
    readOrigin(span, dialect, out);
    failures.read(span, dialect, out);
    AttributeView view = span.attributes();
    switch (out.role) {
      case AGENT -> out.agent = orName(dialect.text(view, Field.AGENT), out.name);
      case TOOL -> out.tool = orName(dialect.text(view, Field.TOOL), out.name);
      default -> out.workflow = orName(dialect.text(view, Field.WORKFLOW), out.name);
    }
  }

  private static String orName(String told, String name) {
    return told.isEmpty() ? name : told;
  }

  private void readOrigin(TraceReader span, Dialect dialect, NormalizedSpan out) {
    AttributeView view = span.attributes();
    out.name = span.name();
    out.service = Values.text(span.resource(), service);
    if (out.service.isEmpty()) {
      out.service = dialect.text(view, Field.SERVICE);
    }
    out.environment = Values.text(span.resource(), environment);
    if (out.environment.isEmpty()) {
      out.environment = either(span, dialect, Field.ENVIRONMENT);
    }
    out.team = either(span, dialect, Field.TEAM);
    out.apiKey = dialect.text(view, Field.API_KEY);
    out.user = either(span, dialect, Field.USER);
    out.endUser = dialect.text(view, Field.END_USER);
    out.session = either(span, dialect, Field.SESSION);
    if (attributes.length > 0) {
      out.extra = new String[attributes.length];
      for (int i = 0; i < attributes.length; i++) {
        String value = Values.text(view, attributes[i]);
        out.extra[i] = value.isEmpty() ? Values.text(span.resource(), attributes[i]) : value;
      }
    }
  }

  private static String either(TraceReader span, Dialect dialect, Field field) {
    String own = dialect.text(span.attributes(), field);
    return own.isEmpty() ? dialect.text(span.resource(), field) : own;
  }

  private Layer layer(TraceReader span, NormalizedSpan out) {
    return switch (out.role) {
      case GATEWAY_CALL -> Layer.GATEWAY;
      case ENGINE -> Layer.ENGINE;
      default -> isDirect(span, out) ? Layer.DIRECT : Layer.CLIENT;
    };
  }

  private boolean isDirect(TraceReader span, NormalizedSpan out) {
    return !direct.isEmpty()
        && (direct.contains(out.service)
            || direct.contains(Values.text(span.resource(), hosts))
            || direct.contains(Values.text(span.attributes(), servers)));
  }
}
