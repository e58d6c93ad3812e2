/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;

/**
 * Packs the counted calls of one input record into a record of {@link Topics#CALLS}: coordinates of
 * the input record, then the rows. Text that equals the same field of the row before takes one
 * byte. Reused over records; not thread-safe.
 *
 * <p>The order of fields here and in {@link CallBatchReader} is the format: a change of it is a new
 * version.
 */
public final class CallBatchWriter {
  private static final NormalizedSpan BLANK = new NormalizedSpan();

  private final PackedWriter rows = new PackedWriter(64 * 1024);
  private final PackedWriter out = new PackedWriter(64 * 1024);
  private NormalizedSpan before = BLANK;
  private int calls;
  private int duplicates;
  private int sourcePartition;
  private long sourceOffset;
  private long arrivalMs;

  /** Starts a record for the calls of this input record. */
  public void begin(int partition, long offset, long arrivalEpochMs) {
    rows.clear();
    before = BLANK;
    calls = 0;
    duplicates = 0;
    sourcePartition = partition;
    sourceOffset = offset;
    arrivalMs = arrivalEpochMs;
  }

  /**
   * Adds a counted call, which must keep its values until {@link #finish}.
   *
   * @throws IllegalStateException after a duplicate
   */
  public void add(NormalizedSpan call) {
    if (duplicates > 0) {
      throw new IllegalStateException("calls come before duplicates");
    }
    calls++;
    row(call);
  }

  /** Adds a span that is another one's attempt and so does not count. */
  public void addDuplicate(NormalizedSpan span) {
    duplicates++;
    row(span);
  }

  /** Rows since {@link #begin}. */
  public int rows() {
    return calls + duplicates;
  }

  /** About how large the record will be. */
  public int sizeBytes() {
    return rows.size();
  }

  public byte[] finish() {
    out.clear();
    out.u8(RecordFormat.CALLS.tag());
    out.varint(sourcePartition);
    out.varint(sourceOffset);
    out.zigzag(arrivalMs);
    out.varint(calls);
    out.varint(duplicates);
    out.append(rows);
    return out.toByteArray();
  }

  private void row(NormalizedSpan c) {
    Layer layer = c.layer;
    int bits =
        (c.streaming ? 1 : 0)
            | (c.cacheHit ? 2 : 0)
            | (c.failed ? 4 : 0)
            | (c.alsoGatewayRequest ? 8 : 0);
    rows.u8(bits);
    rows.u8(layer == null ? 0 : layer.ordinal() + 1);
    rows.u8(c.role.ordinal());
    rows.u8(c.errorClass.ordinal());
    rows.u8(c.priced.ordinal());
    rows.fixed64(c.traceIdHi);
    rows.fixed64(c.traceIdLo);
    rows.fixed64(c.spanId);
    rows.fixed64(c.parentSpanId);
    rows.zigzag(c.startEpochNanos);
    rows.zigzag(c.endEpochNanos - c.startEpochNanos);
    rows.zigzag(c.eventTimeMs - arrivalMs);
    rows.zigzag(c.durationMicros);
    rows.varint(c.httpStatus);
    rows.varint(c.flags);
    rows.textAfter(before.project, c.project);
    rows.textAfter(before.dialect, c.dialect);
    rows.textAfter(before.name, c.name);
    rows.textAfter(before.service, c.service);
    rows.textAfter(before.environment, c.environment);
    rows.textAfter(before.provider, c.provider);
    rows.textAfter(before.model, c.model);
    rows.textAfter(before.requestModel, c.requestModel);
    rows.textAfter(before.responseModel, c.responseModel);
    rows.textAfter(before.operation, c.operation);
    rows.textAfter(before.team, c.team);
    rows.textAfter(before.apiKey, c.apiKey);
    rows.textAfter(before.user, c.user);
    rows.textAfter(before.endUser, c.endUser);
    rows.textAfter(before.session, c.session);
    rows.textAfter(before.agent, c.agent);
    rows.textAfter(before.tool, c.tool);
    rows.textAfter(before.workflow, c.workflow);
    rows.textAfter(before.callId, c.callId);
    rows.textAfter(before.responseId, c.responseId);
    rows.textAfter(before.finishReason, c.finishReason);
    rows.textAfter(before.errorType, c.errorType);
    rows.textAfter(before.errorMessage, c.errorMessage);
    rows.textAfter(before.serviceTier, c.serviceTier);
    rows.textAfter(before.priceBook, c.priceBook);
    rows.textAfter(before.priceEntry, c.priceEntry);
    rows.varint(c.extra.length);
    for (int i = 0; i < c.extra.length; i++) {
      rows.text(c.extra[i]);
    }
    rows.zigzag(c.inputTokens);
    rows.zigzag(c.cacheReadTokens);
    rows.zigzag(c.cacheWriteTokens);
    rows.zigzag(c.cacheWrite1hTokens);
    rows.zigzag(c.outputTokens);
    rows.zigzag(c.reasoningTokens);
    rows.zigzag(c.audioInputTokens);
    rows.zigzag(c.audioOutputTokens);
    rows.zigzag(c.imageCount);
    rows.zigzag(c.savedTokens);
    rows.zigzag(c.rawInputTokens);
    rows.zigzag(c.rawOutputTokens);
    rows.zigzag(c.rawTotalTokens);
    rows.zigzag(c.ttftMicros);
    rows.zigzag(c.tpotMicros);
    rows.zigzag(c.queueMicros);
    rows.zigzag(c.prefillMicros);
    rows.zigzag(c.decodeMicros);
    rows.money(c.reportedPicoUsd);
    rows.money(c.computedPicoUsd);
    rows.money(c.costPicoUsd);
    before = c;
  }
}
