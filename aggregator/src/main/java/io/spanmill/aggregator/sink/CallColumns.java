/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.MapColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.NullableColumn;
import io.spanmill.clickhouse.StringColumn;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import java.util.List;

/** The columns of table {@code calls}, filled from a call. Not thread-safe. */
public final class CallColumns {
  public static final String TABLE = "calls";

  private final List<String> attributeNames;
  private final NativeBlock block = new NativeBlock();
  private final LowCardinalityColumn project = block.label("project");
  private final LowCardinalityColumn layer = block.label("layer");
  private final FixedColumn eventTime = block.millis("event_time");
  private final FixedColumn traceId = block.id("trace_id", 16);
  private final FixedColumn spanId = block.id("span_id", 8);
  private final FixedColumn parentSpanId = block.id("parent_span_id", 8);
  private final FixedColumn version = block.uint64("version");
  private final FixedColumn arrivalTime = block.millis("arrival_time");
  private final FixedColumn sourcePartition = block.int32("source_partition");
  private final FixedColumn sourceOffset = block.int64("source_offset");
  private final LowCardinalityColumn role = block.label("role");
  private final LowCardinalityColumn dialect = block.label("dialect");
  private final StringColumn name = block.string("name");
  private final FixedColumn startTime = block.nanos("start_time");
  private final FixedColumn durationUs = block.int64("duration_us");
  private final LowCardinalityColumn service = block.label("service");
  private final LowCardinalityColumn environment = block.label("environment");
  private final LowCardinalityColumn provider = block.label("provider");
  private final LowCardinalityColumn model = block.label("model");
  private final LowCardinalityColumn requestModel = block.label("request_model");
  private final LowCardinalityColumn responseModel = block.label("response_model");
  private final LowCardinalityColumn operation = block.label("operation");
  private final LowCardinalityColumn team = block.label("team");
  private final LowCardinalityColumn apiKey = block.label("api_key");
  private final StringColumn user = block.string("user");
  private final StringColumn endUser = block.string("end_user");
  private final StringColumn session = block.string("session");
  private final LowCardinalityColumn agent = block.label("agent");
  private final LowCardinalityColumn tool = block.label("tool");
  private final LowCardinalityColumn workflow = block.label("workflow");
  private final MapColumn<LowCardinalityColumn, StringColumn> extra = block.attributes("extra");
  private final StringColumn callId = block.string("call_id");
  private final StringColumn responseId = block.string("response_id");
  private final FixedColumn streaming = block.bool("streaming");
  private final FixedColumn cacheHit = block.bool("cache_hit");
  private final LowCardinalityColumn finishReason = block.label("finish_reason");
  private final FixedColumn failed = block.bool("failed");
  private final LowCardinalityColumn errorClass = block.label("error_class");
  private final LowCardinalityColumn errorType = block.label("error_type");
  private final StringColumn errorMessage = block.string("error_message");
  private final FixedColumn httpStatus = block.uint16("http_status");
  private final FixedColumn inputTokens = block.int64("input_tokens");
  private final FixedColumn cacheReadTokens = block.int64("cache_read_tokens");
  private final FixedColumn cacheWriteTokens = block.int64("cache_write_tokens");
  private final FixedColumn cacheWrite1hTokens = block.int64("cache_write_1h_tokens");
  private final FixedColumn outputTokens = block.int64("output_tokens");
  private final FixedColumn reasoningTokens = block.int64("reasoning_tokens");
  private final FixedColumn audioInputTokens = block.int64("audio_input_tokens");
  private final FixedColumn audioOutputTokens = block.int64("audio_output_tokens");
  private final FixedColumn imageCount = block.int64("image_count");
  private final FixedColumn savedTokens = block.int64("saved_tokens");
  private final FixedColumn rawInputTokens = block.int64("raw_input_tokens");
  private final FixedColumn rawOutputTokens = block.int64("raw_output_tokens");
  private final FixedColumn rawTotalTokens = block.int64("raw_total_tokens");
  private final LowCardinalityColumn serviceTier = block.label("service_tier");
  private final FixedColumn ttftUs = block.int64("ttft_us");
  private final FixedColumn tpotUs = block.int64("tpot_us");
  private final FixedColumn queueUs = block.int64("queue_us");
  private final FixedColumn prefillUs = block.int64("prefill_us");
  private final FixedColumn decodeUs = block.int64("decode_us");
  private final NullableColumn<FixedColumn> cost = block.nullableMoney("cost");
  private final NullableColumn<FixedColumn> reportedCost = block.nullableMoney("reported_cost");
  private final NullableColumn<FixedColumn> computedCost = block.nullableMoney("computed_cost");
  private final FixedColumn priced =
      block.enum8("priced", "Enum8('none' = 0, 'priced' = 1, 'unpriced' = 2)");
  private final LowCardinalityColumn priceBook = block.label("price_book");
  private final LowCardinalityColumn priceEntry = block.label("price_entry");
  private final FixedColumn flags = block.uint32("flags");

  /**
   * @param attributeNames names of the configured attribute dimensions, in their order
   */
  public CallColumns(List<String> attributeNames) {
    this.attributeNames = List.copyOf(attributeNames);
  }

  public NativeBlock block() {
    return block;
  }

  /**
   * Adds a call; the caller ends the row.
   *
   * @param rowVersion 0 as metered, else the run that corrected the row
   */
  public void add(NormalizedSpan c, long rowVersion) {
    project.add(c.project);
    Layer l = c.layer;
    layer.add(l == null ? "" : l.label());
    eventTime.add(c.eventTimeMs);
    traceId.addId(c.traceIdHi, c.traceIdLo);
    spanId.addId(c.spanId);
    parentSpanId.addId(c.parentSpanId);
    version.add(rowVersion);
    arrivalTime.add(c.arrivalMs);
    sourcePartition.add(c.sourcePartition);
    sourceOffset.add(c.sourceOffset);
    role.add(c.role.label());
    dialect.add(c.dialect);
    name.add(c.name);
    startTime.add(KeptTimes.startNanos(c));
    durationUs.add(c.durationMicros);
    addDimensions(c);
    callId.add(c.callId);
    responseId.add(c.responseId);
    streaming.add(c.streaming);
    cacheHit.add(c.cacheHit);
    finishReason.add(c.finishReason);
    failed.add(c.failed);
    errorClass.add(c.errorClass.label());
    errorType.add(c.errorType);
    errorMessage.add(c.errorMessage);
    httpStatus.add(Math.max(0, Math.min(65_535, c.httpStatus)));
    addUsage(c);
    ttftUs.add(c.ttftMicros);
    tpotUs.add(c.tpotMicros);
    queueUs.add(c.queueMicros);
    prefillUs.add(c.prefillMicros);
    decodeUs.add(c.decodeMicros);
    addMoney(cost, c.costPicoUsd);
    addMoney(reportedCost, c.reportedPicoUsd);
    addMoney(computedCost, c.computedPicoUsd);
    priced.add(
        switch (c.priced) {
          case NONE -> 0;
          case PRICED -> 1;
          case UNPRICED -> 2;
        });
    priceBook.add(c.priceBook);
    priceEntry.add(c.priceEntry);
    flags.add(c.flags);
  }

  private void addDimensions(NormalizedSpan c) {
    service.add(c.service);
    environment.add(c.environment);
    provider.add(c.provider);
    model.add(c.model);
    requestModel.add(c.requestModel);
    responseModel.add(c.responseModel);
    operation.add(c.operation);
    team.add(c.team);
    apiKey.add(c.apiKey);
    user.add(c.user);
    endUser.add(c.endUser);
    session.add(c.session);
    agent.add(c.agent);
    tool.add(c.tool);
    workflow.add(c.workflow);
    addExtra(extra, attributeNames, c.extra);
  }

  private void addUsage(NormalizedSpan c) {
    inputTokens.add(c.inputTokens);
    cacheReadTokens.add(c.cacheReadTokens);
    cacheWriteTokens.add(c.cacheWriteTokens);
    cacheWrite1hTokens.add(c.cacheWrite1hTokens);
    outputTokens.add(c.outputTokens);
    reasoningTokens.add(c.reasoningTokens);
    audioInputTokens.add(c.audioInputTokens);
    audioOutputTokens.add(c.audioOutputTokens);
    imageCount.add(c.imageCount);
    savedTokens.add(c.savedTokens);
    rawInputTokens.add(c.rawInputTokens);
    rawOutputTokens.add(c.rawOutputTokens);
    rawTotalTokens.add(c.rawTotalTokens);
    serviceTier.add(c.serviceTier);
  }

  static void addMoney(NullableColumn<FixedColumn> column, long pico) {
    if (pico == PicoUsd.ABSENT) {
      column.addNull();
    } else {
      column.present().add(pico);
    }
  }

  static void addExtra(
      MapColumn<LowCardinalityColumn, StringColumn> column, List<String> names, String[] values) {
    int known = Math.min(values.length, names.size());
    for (int i = 0; i < known; i++) {
      if (!values[i].isEmpty()) {
        column.keys().add(names.get(i));
        column.values().add(values[i]);
      }
    }
    column.endRow();
  }
}
