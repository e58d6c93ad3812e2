/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import io.spanmill.model.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random spans of a small world, so that everything that can coincide does: few traces, ids and
 * instants; parents, retries, twins, collapsed roots, resends.
 */
public final class TestTraffic {
  private static final String[] PROJECTS = {"default", "acme"};
  private static final String[] MODELS = {"gpt-4o", "claude-sonnet", "llama-3"};
  private static final String[] TEAMS = {"", "search", "support"};
  private static final String[] CALL_IDS = {"", "c1", "c2"};
  private static final String[] RESPONSE_IDS = {"", "r1", "r2"};

  private final Random random;
  private final List<NormalizedSpan> sent = new ArrayList<>();

  public TestTraffic(long seed) {
    random = new Random(seed);
  }

  /** A span that ends about then; one in eight was sent before. */
  public NormalizedSpan next(long aboutMs) {
    if (!sent.isEmpty() && random.nextInt(8) == 0) {
      return sent.get(random.nextInt(sent.size())).copy();
    }
    NormalizedSpan s = new NormalizedSpan();
    s.project = PROJECTS[random.nextInt(PROJECTS.length)];
    s.traceIdHi = 1 + random.nextInt(2);
    s.traceIdLo = random.nextInt(6);
    s.spanId = 1 + random.nextInt(30);
    s.parentSpanId = random.nextInt(31);
    s.layer = random.nextInt(6) == 0 ? null : Layer.values()[random.nextInt(5)];
    s.role = s.layer == Layer.ENGINE ? Role.ENGINE : Role.CLIENT_SDK;
    s.alsoGatewayRequest = s.layer == Layer.GATEWAY && random.nextInt(3) == 0;
    s.callId = CALL_IDS[random.nextInt(CALL_IDS.length)];
    s.responseId = RESPONSE_IDS[random.nextInt(RESPONSE_IDS.length)];
    s.name = "call";
    s.provider = "openai";
    s.model = MODELS[random.nextInt(MODELS.length)];
    s.operation = "chat";
    s.service = "svc-" + random.nextInt(2);
    s.team = TEAMS[random.nextInt(TEAMS.length)];
    s.user = "user-" + random.nextInt(5);
    s.failed = random.nextInt(5) == 0;
    s.errorClass = s.failed ? ErrorClass.RATE_LIMIT : ErrorClass.NONE;
    // Starts and ends that differ by nothing, by half a millisecond or by much.
    long instant = aboutMs * 1_000_000L - random.nextInt(3) * 400_000L;
    s.endEpochNanos = instant - random.nextInt(3) * 5_000_000_000L;
    s.startEpochNanos = s.endEpochNanos - 1_000_000_000L - random.nextInt(3) * 700_000L;
    s.eventTimeMs = s.endEpochNanos / 1_000_000;
    s.durationMicros = (s.endEpochNanos - s.startEpochNanos) / 1000;
    s.streaming = random.nextBoolean();
    if (random.nextInt(4) != 0) {
      s.inputTokens = random.nextInt(3) * 100L;
      s.outputTokens = random.nextInt(3) * 10L;
      s.ttftMicros = random.nextInt(500_000);
      if (random.nextBoolean()) {
        s.costPicoUsd = random.nextLong(PicoUsd.MAX_PER_CALL);
        s.reportedPicoUsd = s.costPicoUsd;
        s.priced = PricedState.PRICED;
      } else {
        s.priced = PricedState.UNPRICED;
      }
    }
    sent.add(s.copy());
    return s;
  }
}
