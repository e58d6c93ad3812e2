/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PricedState;
import io.spanmill.model.Role;

/**
 * Walks a record of {@link Topics#CALLS}: first its counted calls, then the spans that were found
 * to be another span's attempt. Reused over records ({@link #reset}); not thread-safe.
 */
public final class CallBatchReader {
  private static final Layer[] LAYERS = Layer.values();
  private static final Role[] ROLES = Role.values();
  private static final ErrorClass[] ERROR_CLASSES = ErrorClass.values();
  private static final PricedState[] PRICED = PricedState.values();
  private static final String[] NO_EXTRA = {};

  private final PackedReader in = new PackedReader();
  private final NormalizedSpan before = new NormalizedSpan();
  private int sourcePartition;
  private long sourceOffset;
  private long arrivalMs;
  private int calls;
  private int duplicates;
  private int read;

  /**
   * Turns to a record of format {@link RecordFormat#CALLS}.
   *
   * @throws CodecException if it is none
   */
  public void reset(byte[] record) {
    in.reset(record);
    RecordFormat.CALLS.expect(in);
    sourcePartition = in.count();
    sourceOffset = in.varint();
    arrivalMs = in.zigzag();
    calls = in.count();
    duplicates = in.count();
    read = 0;
    before.clear();
  }

  /** Partition of the input record. */
  public int sourcePartition() {
    return sourcePartition;
  }

  /** Offset of the input record. */
  public long sourceOffset() {
    return sourceOffset;
  }

  /** When the input record arrived, epoch milliseconds. */
  public long arrivalMs() {
    return arrivalMs;
  }

  /** Number of counted calls. */
  public int calls() {
    return calls;
  }

  /** Number of duplicates after them. */
  public int duplicates() {
    return duplicates;
  }

  /**
   * Fills in the next counted call.
   *
   * @return false after the last
   * @throws CodecException if the record is cut or malformed
   */
  public boolean nextCall(NormalizedSpan into) {
    if (read >= calls) {
      return false;
    }
    row(into);
    return true;
  }

  /**
   * Fills in the next duplicate; to be called after the last call.
   *
   * @return false after the last
   */
  public boolean nextDuplicate(NormalizedSpan into) {
    if (read < calls) {
      throw new IllegalStateException((calls - read) + " calls not read yet");
    }
    if (read >= calls + duplicates) {
      return false;
    }
    row(into);
    return true;
  }

  private void row(NormalizedSpan c) {
    read++;
    int bits = in.u8();
    c.streaming = (bits & 1) != 0;
    c.cacheHit = (bits & 2) != 0;
    c.failed = (bits & 4) != 0;
    c.alsoGatewayRequest = (bits & 8) != 0;
    int layer = in.u8();
    c.layer = layer == 0 ? null : at(LAYERS, layer - 1);
    c.role = at(ROLES, in.u8());
    c.errorClass = at(ERROR_CLASSES, in.u8());
    c.priced = at(PRICED, in.u8());
    c.arrivalMs = arrivalMs;
    c.sourcePartition = sourcePartition;
    c.sourceOffset = sourceOffset;
    c.traceIdHi = in.fixed64();
    c.traceIdLo = in.fixed64();
    c.spanId = in.fixed64();
    c.parentSpanId = in.fixed64();
    c.startEpochNanos = in.zigzag();
    c.endEpochNanos = c.startEpochNanos + in.zigzag();
    c.eventTimeMs = arrivalMs + in.zigzag();
    c.durationMicros = in.zigzag();
    c.httpStatus = in.count();
    c.flags = in.count();
    c.project = before.project = in.textAfter(before.project);
    c.dialect = before.dialect = in.textAfter(before.dialect);
    c.name = before.name = in.textAfter(before.name);
    c.service = before.service = in.textAfter(before.service);
    c.environment = before.environment = in.textAfter(before.environment);
    c.provider = before.provider = in.textAfter(before.provider);
    c.model = before.model = in.textAfter(before.model);
    c.requestModel = before.requestModel = in.textAfter(before.requestModel);
    c.responseModel = before.responseModel = in.textAfter(before.responseModel);
    c.operation = before.operation = in.textAfter(before.operation);
    c.team = before.team = in.textAfter(before.team);
    c.apiKey = before.apiKey = in.textAfter(before.apiKey);
    c.user = before.user = in.textAfter(before.user);
    c.endUser = before.endUser = in.textAfter(before.endUser);
    c.session = before.session = in.textAfter(before.session);
    c.agent = before.agent = in.textAfter(before.agent);
    c.tool = before.tool = in.textAfter(before.tool);
    c.workflow = before.workflow = in.textAfter(before.workflow);
    c.callId = before.callId = in.textAfter(before.callId);
    c.responseId = before.responseId = in.textAfter(before.responseId);
    c.finishReason = before.finishReason = in.textAfter(before.finishReason);
    c.errorType = before.errorType = in.textAfter(before.errorType);
    c.errorMessage = before.errorMessage = in.textAfter(before.errorMessage);
    c.serviceTier = before.serviceTier = in.textAfter(before.serviceTier);
    c.priceBook = before.priceBook = in.textAfter(before.priceBook);
    c.priceEntry = before.priceEntry = in.textAfter(before.priceEntry);
    int extra = in.count();
    if (extra > in.remaining()) {
      throw new CodecException(extra + " attribute values in " + in.remaining() + " bytes");
    }
    c.extra = extra == 0 ? NO_EXTRA : new String[extra];
    for (int i = 0; i < extra; i++) {
      c.extra[i] = in.text();
    }
    c.inputTokens = in.zigzag();
    c.cacheReadTokens = in.zigzag();
    c.cacheWriteTokens = in.zigzag();
    c.cacheWrite1hTokens = in.zigzag();
    c.outputTokens = in.zigzag();
    c.reasoningTokens = in.zigzag();
    c.audioInputTokens = in.zigzag();
    c.audioOutputTokens = in.zigzag();
    c.imageCount = in.zigzag();
    c.savedTokens = in.zigzag();
    c.rawInputTokens = in.zigzag();
    c.rawOutputTokens = in.zigzag();
    c.rawTotalTokens = in.zigzag();
    c.ttftMicros = in.zigzag();
    c.tpotMicros = in.zigzag();
    c.queueMicros = in.zigzag();
    c.prefillMicros = in.zigzag();
    c.decodeMicros = in.zigzag();
    c.reportedPicoUsd = in.money();
    c.computedPicoUsd = in.money();
    c.costPicoUsd = in.money();
  }

  private static <T> T at(T[] values, int ordinal) {
    if (ordinal >= values.length) {
      throw new CodecException(
          "ordinal " + ordinal + " past the " + values.length + " known values");
    }
    return values[ordinal];
  }
}
