/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One span in Spanmill's own terms, and, if its layer is set, one counted call: a row of {@code
 * calls}. A plain struct that normaliser, pricing and codecs fill field by field and reuse over
 * spans ({@link #clear}); not thread-safe.
 *
 * <p>Absence: {@code ""} for text, {@link #ABSENT} for counts and durations, {@link PicoUsd#ABSENT}
 * for money, null for layer. Durations are microseconds, instants as their names say.
 */
public final class NormalizedSpan {
  /** No figure, for counts and durations. */
  public static final long ABSENT = -1;

  // Flags: what was wrong or special about the span.
  public static final int BAD_TIME = 1;
  public static final int BAD_COST = 1 << 1;
  public static final int BAD_USAGE = 1 << 2;
  public static final int CORRECTED_INPUT = 1 << 3;
  public static final int TRUNCATED = 1 << 4;
  public static final int END_BEFORE_START = 1 << 5;

  /** The start is missing or so long before the end that no duration follows from it. */
  public static final int BAD_DURATION = 1 << 6;

  // Identity and place in the log
  public String project = "";
  public long traceIdHi;
  public long traceIdLo;
  public long spanId;

  /** 0 at a root. */
  public long parentSpanId;

  /** Arrival: the broker's append time of the record. */
  public long arrivalMs;

  public int sourcePartition;
  public long sourceOffset;

  // Kind
  public Role role = Role.OTHER;

  /** Null: counts in no layer. */
  public @Nullable Layer layer;

  /** A collapsed root: this attempt is at the same time the gateway request. */
  public boolean alsoGatewayRequest;

  /** Which dialect's table understood it, e.g. {@code litellm-v1}. */
  public String dialect = "";

  public String name = "";

  // Time
  public long startEpochNanos;
  public long endEpochNanos;

  /** Event time: the span's end, or its arrival if that is no sensible time. */
  public long eventTimeMs;

  public long durationMicros;

  // Dimensions
  public String service = "";
  public String environment = "";
  public String provider = "";

  /** Normalised; the response's model where known, else the request's. */
  public String model = "";

  public String requestModel = "";
  public String responseModel = "";
  public String operation = "";
  public String team = "";

  /** Alias of the API key, never the key. */
  public String apiKey = "";

  public String user = "";
  public String endUser = "";
  public String session = "";
  public String agent = "";
  public String tool = "";
  public String workflow = "";

  /** Values of the configured attribute dimensions, in their order; empty without such. */
  public String[] extra = new String[0];

  // Attempt
  public String callId = "";
  public String responseId = "";
  public boolean streaming;
  public boolean cacheHit;
  public String finishReason = "";

  // Failure
  public boolean failed;
  public ErrorClass errorClass = ErrorClass.NONE;
  public String errorType = "";

  /** At most 1,024 characters. */
  public String errorMessage = "";

  /** HTTP status, 0 if not told. */
  public int httpStatus;

  // Usage, disjoint kinds; all ABSENT if the sender told none
  public long inputTokens = ABSENT;
  public long cacheReadTokens = ABSENT;
  public long cacheWriteTokens = ABSENT;

  /** The part of {@link #cacheWriteTokens} kept for an hour. */
  public long cacheWrite1hTokens = ABSENT;

  public long outputTokens = ABSENT;
  public long reasoningTokens = ABSENT;

  /** The part of {@link #inputTokens} that is audio. */
  public long audioInputTokens = ABSENT;

  /** The part of {@link #outputTokens} that is audio. */
  public long audioOutputTokens = ABSENT;

  public long imageCount = ABSENT;

  /** What a response-cache hit saved; then the kinds above are 0. */
  public long savedTokens = ABSENT;

  // The sender's own figures
  public long rawInputTokens = ABSENT;
  public long rawOutputTokens = ABSENT;
  public long rawTotalTokens = ABSENT;

  /** {@code batch}, {@code priority}, {@code flex} or empty. */
  public String serviceTier = "";

  // Latency parts
  public long ttftMicros = ABSENT;
  public long tpotMicros = ABSENT;
  public long queueMicros = ABSENT;
  public long prefillMicros = ABSENT;
  public long decodeMicros = ABSENT;

  // Cost, in picodollars
  public long reportedPicoUsd = PicoUsd.ABSENT;
  public long computedPicoUsd = PicoUsd.ABSENT;

  /** What counts: reported, else computed; {@link PicoUsd#ABSENT} if unpriced. */
  public long costPicoUsd = PicoUsd.ABSENT;

  public PricedState priced = PricedState.NONE;
  public String priceBook = "";
  public String priceEntry = "";

  public int flags;

  /** Whether the sender told any usage. */
  public boolean hasUsage() {
    return inputTokens != ABSENT || outputTokens != ABSENT || savedTokens != ABSENT;
  }

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Sum of the five kinds; absent ones count 0. */
  public long totalTokens() {
    return Math.max(0, inputTokens)
        + Math.max(0, cacheReadTokens)
        + Math.max(0, cacheWriteTokens)
        + Math.max(0, outputTokens)
        + Math.max(0, reasoningTokens);
  }

  /** Back to the state of a new object. */
  public void clear() {
    copyFrom(BLANK);
  }

  private static final NormalizedSpan BLANK = new NormalizedSpan();

  /** A copy that stays when this one is reused. */
  public NormalizedSpan copy() {
    NormalizedSpan out = new NormalizedSpan();
    out.copyFrom(this);
    return out;
  }

  /** Takes over every field. */
  public void copyFrom(NormalizedSpan o) {
    project = o.project;
    traceIdHi = o.traceIdHi;
    traceIdLo = o.traceIdLo;
    spanId = o.spanId;
    parentSpanId = o.parentSpanId;
    arrivalMs = o.arrivalMs;
    sourcePartition = o.sourcePartition;
    sourceOffset = o.sourceOffset;
    role = o.role;
    layer = o.layer;
    alsoGatewayRequest = o.alsoGatewayRequest;
    dialect = o.dialect;
    name = o.name;
    startEpochNanos = o.startEpochNanos;
    endEpochNanos = o.endEpochNanos;
    eventTimeMs = o.eventTimeMs;
    durationMicros = o.durationMicros;
    service = o.service;
    environment = o.environment;
    provider = o.provider;
    model = o.model;
    requestModel = o.requestModel;
    responseModel = o.responseModel;
    operation = o.operation;
    team = o.team;
    apiKey = o.apiKey;
    user = o.user;
    endUser = o.endUser;
    session = o.session;
    agent = o.agent;
    tool = o.tool;
    workflow = o.workflow;
    extra = o.extra.length == 0 ? o.extra : Arrays.copyOf(o.extra, o.extra.length);
    callId = o.callId;
    responseId = o.responseId;
    streaming = o.streaming;
    cacheHit = o.cacheHit;
    finishReason = o.finishReason;
    failed = o.failed;
    errorClass = o.errorClass;
    errorType = o.errorType;
    errorMessage = o.errorMessage;
    httpStatus = o.httpStatus;
    inputTokens = o.inputTokens;
    cacheReadTokens = o.cacheReadTokens;
    cacheWriteTokens = o.cacheWriteTokens;
    cacheWrite1hTokens = o.cacheWrite1hTokens;
    outputTokens = o.outputTokens;
    reasoningTokens = o.reasoningTokens;
    audioInputTokens = o.audioInputTokens;
    audioOutputTokens = o.audioOutputTokens;
    imageCount = o.imageCount;
    savedTokens = o.savedTokens;
    rawInputTokens = o.rawInputTokens;
    rawOutputTokens = o.rawOutputTokens;
    rawTotalTokens = o.rawTotalTokens;
    serviceTier = o.serviceTier;
    ttftMicros = o.ttftMicros;
    tpotMicros = o.tpotMicros;
    queueMicros = o.queueMicros;
    prefillMicros = o.prefillMicros;
    decodeMicros = o.decodeMicros;
    reportedPicoUsd = o.reportedPicoUsd;
    computedPicoUsd = o.computedPicoUsd;
    costPicoUsd = o.costPicoUsd;
    priced = o.priced;
    priceBook = o.priceBook;
    priceEntry = o.priceEntry;
    flags = o.flags;
  }
}
