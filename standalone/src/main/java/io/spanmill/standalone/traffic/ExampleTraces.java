/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes traces like those LiteLLM, vLLM and the SDKs of applications send, from a seed: the same
 * seed gives the same traffic but for its times. Not for use by several threads.
 */
public final class ExampleTraces {
  private static final long MS = 1_000_000L;
  private static final ByteString NO_PARENT = ByteString.EMPTY;
  private static final SdkExport[] SDKS = SdkExport.values();

  private final Dice dice;
  private final String environment;

  /**
   * A source of traces whose ids depend on the seed alone.
   *
   * @param environment value of {@code deployment.environment}, which marks them
   */
  public ExampleTraces(long seed, String environment) {
    this(seed, "", environment);
  }

  /**
   * A source of traces.
   *
   * @param run another run gives other ids
   * @param environment value of {@code deployment.environment}, which marks them
   */
  public ExampleTraces(long seed, String run, String environment) {
    this.dice = new Dice(seed, run);
    this.environment = environment;
  }

  /** The next trace, whose last span ends then. */
  public List<ResourceSpans> next(long endEpochNanos) {
    return nextParts(endEpochNanos).stream().map(TracePart::resourceSpans).toList();
  }

  /** The same with what it counts for. */
  List<TracePart> nextParts(long endEpochNanos) {
    int kind = dice.below(100);
    if (kind < 12) {
      return agent(endEpochNanos);
    }
    if (kind < 18) {
      return single(UserRequest.straight(dice), false, true, endEpochNanos);
    }
    UserRequest request =
        kind < 21
            ? UserRequest.turnedAway(dice)
            : kind < 29 ? UserRequest.embedding(dice) : UserRequest.chat(dice);
    boolean sdk = !request.attempts.isEmpty() && !request.embedding && dice.percent(35);
    return single(request, true, sdk, endEpochNanos);
  }

  private List<TracePart> single(UserRequest request, boolean gateway, boolean sdk, long end) {
    Trace trace = new Trace(request);
    trace.add(request, NO_PARENT, end - request.lengthNanos() - 2 * MS, gateway, sdk);
    return trace.parts();
  }

  /** An agent that asks models and tools in turn. */
  private List<TracePart> agent(long end) {
    List<UserRequest> steps = new ArrayList<>();
    int n = 2 + dice.below(3);
    long toolNanos = (long) (dice.logNormal(60, 0.8) * MS) + MS;
    long length = 0;
    for (int i = 0; i < n; i++) {
      UserRequest step = UserRequest.chat(dice);
      steps.add(step);
      length += step.lengthNanos() + 4 * MS + toolNanos;
    }
    Trace trace = new Trace(steps.get(0));
    long start = end - length;
    ByteString agent =
        trace.application.add(
            NO_PARENT,
            trace.first.team + ".agent",
            SpanKind.SPAN_KIND_INTERNAL,
            start,
            end,
            StatusCode.STATUS_CODE_OK,
            Map.of(
                "agentops.span.kind",
                "agent",
                "agent.name",
                trace.first.team,
                "operation.name",
                trace.first.team));
    long at = start + MS;
    for (UserRequest step : steps) {
      trace.add(step, agent, at, true, true);
      at += step.lengthNanos() + 2 * MS;
      trace.application.add(
          agent,
          "lookup.tool",
          SpanKind.SPAN_KIND_INTERNAL,
          at,
          at + toolNanos,
          StatusCode.STATUS_CODE_OK,
          Map.of("agentops.span.kind", "tool", "tool.name", "lookup", "operation.name", "lookup"));
      at += toolNanos + MS;
    }
    return trace.parts();
  }

  /** The processes that tell of one trace. */
  private final class Trace {
    private final UserRequest first;
    private final ByteString id = dice.id(16);
    private final SdkExport instrumentation = SDKS[dice.zipf(SDKS.length)];
    private final boolean secondGeneration = dice.percent(45);
    private final PartBuilder application;
    private final PartBuilder gateway;
    private final PartBuilder engine;

    Trace(UserRequest first) {
      this.first = first;
      application = part(TracePart.Origin.APPLICATION, first.team + "-agent", "agentops");
      gateway = part(TracePart.Origin.GATEWAY, "litellm", "litellm");
      engine = part(TracePart.Origin.ENGINE, "vllm-qwen3-32b", "vllm.tracing.otel");
    }

    private PartBuilder part(TracePart.Origin origin, String service, String scope) {
      Map<String, Object> resource = new LinkedHashMap<>();
      resource.put("telemetry.sdk.language", "python");
      resource.put("telemetry.sdk.name", "opentelemetry");
      resource.put("service.name", service);
      resource.put("deployment.environment", environment);
      if (origin == TracePart.Origin.APPLICATION && instrumentation == SdkExport.AGENTOPS) {
        resource.put("agentops.project.id", "temporary");
      }
      return new PartBuilder(origin, scope, resource, id, dice);
    }

    /** All layers of one request; an SDK's span starts then, the proxy's a millisecond after. */
    void add(UserRequest request, ByteString parent, long start, boolean viaGateway, boolean sdk) {
      ByteString above = parent;
      if (sdk) {
        above = dice.id(8);
        instrumentation.add(
            request, application, above, parent, start, start + request.lengthNanos() + 2 * MS);
      }
      ByteString server = above;
      if (viaGateway) {
        server =
            secondGeneration
                ? LiteLlmV2Export.add(request, gateway, above, start + MS, dice)
                : LiteLlmV1Export.add(request, gateway, above, start + MS, dice);
      }
      long at = start + MS + UserRequest.BEFORE_NANOS;
      for (Attempt attempt : request.attempts) {
        if (attempt.model.ownEngine() && attempt.failure == null && !attempt.cacheHit) {
          VllmExport.add(attempt, engine, server, at);
        }
        at += attempt.lengthNanos + UserRequest.PAUSE_NANOS;
      }
    }

    List<TracePart> parts() {
      List<TracePart> parts = new ArrayList<>();
      for (PartBuilder builder : List.of(application, gateway, engine)) {
        TracePart part = builder.build();
        if (part.spans() > 0) {
          parts.add(part);
        }
      }
      return parts;
    }
  }
}
