/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import io.spanmill.model.Role;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Calls of three projects that are metered at different layers, over some weeks. */
final class RandomCalls {
  /** Projects with the layers that calls of them have. */
  static final List<String> PROJECTS = List.of("alpha", "beta", "gamma");

  private static final Layer[][] LAYERS = {
    {
      Layer.GATEWAY,
      Layer.GATEWAY,
      Layer.GATEWAY_REQUEST,
      Layer.ENGINE,
      Layer.CLIENT,
      Layer.CLIENT,
      Layer.DIRECT
    },
    {Layer.CLIENT, Layer.DIRECT, Layer.ENGINE},
    {Layer.ENGINE}
  };

  private static final long DAY = 86_400_000;
  private static final long HOUR = 3_600_000;
  private static final long BERLIN_CHANGE = Instant.parse("2026-10-25T01:00:00Z").toEpochMilli();
  private static final long NEW_YORK_CHANGE = Instant.parse("2026-11-01T06:00:00Z").toEpochMilli();

  static final String[] PROVIDERS = {"openai", "anthropic", "vllm"};
  static final String[] MODELS = {
    "gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "llama-3", "", "wéird'm"
  };
  static final String[] OPERATIONS = {"chat", "embeddings"};
  static final String[] SERVICES = {"litellm", "shop", "vllm-0"};
  static final String[] ENVIRONMENTS = {"", "prod"};
  static final String[] TEAMS = {"", "search", "support"};
  static final String[] KEYS = {"", "key-a", "key-b"};

  private final Random random;
  private final long nowMs;
  private long ids;

  RandomCalls(Random random, long nowMs) {
    this.random = random;
    this.nowMs = nowMs;
  }

  List<NormalizedSpan> next(int count) {
    List<NormalizedSpan> out = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      out.add(next());
    }
    return out;
  }

  private NormalizedSpan next() {
    NormalizedSpan c = new NormalizedSpan();
    int project = random.nextInt(PROJECTS.size());
    c.project = PROJECTS.get(project);
    c.layer = LAYERS[project][random.nextInt(LAYERS[project].length)];
    c.role = c.layer == Layer.ENGINE ? Role.ENGINE : Role.CLIENT_SDK;
    // Calls of a trace often share it with calls of other layers.
    c.traceIdHi = 7;
    c.traceIdLo = random.nextInt(800);
    c.spanId = ++ids;
    c.name = "call";
    c.eventTimeMs = eventTime();
    c.durationMicros = duration();
    c.endEpochNanos = c.eventTimeMs * 1_000_000;
    c.startEpochNanos = c.endEpochNanos - c.durationMicros * 1000;
    c.arrivalMs = c.eventTimeMs + random.nextInt(4000) - 500;
    c.service = pick(SERVICES);
    c.environment = pick(ENVIRONMENTS);
    c.provider = pick(PROVIDERS);
    c.model = c.layer == Layer.ENGINE && random.nextInt(5) == 0 ? "unknown" : pick(MODELS);
    c.operation = pick(OPERATIONS);
    c.team = pick(TEAMS);
    c.apiKey = pick(KEYS);
    c.user = "user-" + random.nextInt(70);
    c.streaming = random.nextBoolean();
    fail(c);
    usage(c);
    if (c.streaming && !c.failed) {
      c.ttftMicros = duration();
      c.tpotMicros = random.nextInt(90_000);
    }
    if (c.layer == Layer.ENGINE) {
      c.queueMicros = random.nextInt(20_000);
      c.prefillMicros = random.nextInt(200_000);
      c.decodeMicros = duration();
    }
    if (random.nextInt(40) == 0) {
      c.flags = random.nextBoolean() ? NormalizedSpan.BAD_COST : NormalizedSpan.BAD_TIME;
    }
    return c;
  }

  private void fail(NormalizedSpan c) {
    c.failed = random.nextInt(6) == 0;
    if (c.failed) {
      c.errorClass = ErrorClass.values()[1 + random.nextInt(ErrorClass.values().length - 1)];
      c.errorMessage = "failed " + c.spanId;
    }
  }

  private void usage(NormalizedSpan c) {
    if (c.failed && random.nextBoolean()) {
      return;
    }
    c.cacheHit = random.nextInt(8) == 0;
    if (c.cacheHit) {
      c.inputTokens = 0;
      c.outputTokens = 0;
      c.savedTokens = random.nextInt(5000);
      c.costPicoUsd = 0;
      c.reportedPicoUsd = 0;
      c.priced = PricedState.PRICED;
      return;
    }
    c.inputTokens = random.nextInt(20_000);
    c.outputTokens = random.nextInt(3) == 0 ? NormalizedSpan.ABSENT : random.nextInt(4000);
    c.cacheReadTokens = random.nextInt(2) == 0 ? NormalizedSpan.ABSENT : random.nextInt(9000);
    c.cacheWriteTokens = random.nextInt(3) == 0 ? random.nextInt(900) : NormalizedSpan.ABSENT;
    c.reasoningTokens = random.nextInt(3) == 0 ? random.nextInt(900) : NormalizedSpan.ABSENT;
    boolean reported = random.nextInt(3) != 0;
    boolean computed = random.nextInt(3) != 0;
    // Up to the greatest figure a call may have: sums must not lose the last picodollar.
    long most = random.nextInt(20) == 0 ? PicoUsd.MAX_PER_CALL : 5_000_000_000L;
    if (reported) {
      c.reportedPicoUsd = 1 + random.nextLong(most);
    }
    if (computed) {
      c.computedPicoUsd = 1 + random.nextLong(most);
    }
    c.costPicoUsd = reported ? c.reportedPicoUsd : computed ? c.computedPicoUsd : PicoUsd.ABSENT;
    c.priced = reported || computed ? PricedState.PRICED : PricedState.UNPRICED;
  }

  private long eventTime() {
    return switch (random.nextInt(8)) {
      case 0 -> nowMs - random.nextInt(180_000);
      case 1, 2 -> nowMs - random.nextLong(3 * HOUR);
      case 3 -> BERLIN_CHANGE - DAY + random.nextLong(2 * DAY);
      case 4 -> NEW_YORK_CHANGE - DAY + random.nextLong(2 * DAY);
      // On the very edge of a window, or just before it.
      case 5 -> (nowMs - random.nextLong(20 * DAY)) / HOUR * HOUR - random.nextInt(2);
      default -> nowMs - random.nextLong(45 * DAY);
    };
  }

  private long duration() {
    return switch (random.nextInt(30)) {
      case 0 -> 0;
      case 1 -> 1L << random.nextInt(34);
      case 2 -> 1000L << random.nextInt(12);
      default -> (long) (1_200_000 * Math.exp(random.nextGaussian()));
    };
  }

  private String pick(String[] values) {
    return values[random.nextInt(values.length)];
  }
}
