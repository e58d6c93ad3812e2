/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.ArrayColumn;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.MapColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.NullableColumn;
import io.spanmill.clickhouse.StringColumn;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.AnyValue;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.EventCursor;
import io.spanmill.otlp.LinkCursor;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;

/**
 * The columns of table {@code spans}, filled from a span's bytes and what was made of them; what is
 * content goes to {@link ContentColumns} instead. Not thread-safe.
 */
final class SpanColumns {
  static final String TABLE = "spans";

  /** 2020-01-01T00:00:00Z: no span is older. */
  private static final long EARLIEST_MS = 1_577_836_800_000L;

  private static final long MAX_AHEAD_MS = 3_600_000L;

  private final ContentColumns content;
  private final NativeBlock block = new NativeBlock();
  private final LowCardinalityColumn project = block.label("project");
  private final FixedColumn ts = block.millis("ts");
  private final FixedColumn traceId = block.id("trace_id", 16);
  private final FixedColumn spanId = block.id("span_id", 8);
  private final FixedColumn parentSpanId = block.id("parent_span_id", 8);
  private final FixedColumn arrivalTime = block.millis("arrival_time");
  private final FixedColumn sourcePartition = block.int32("source_partition");
  private final FixedColumn sourceOffset = block.int64("source_offset");
  private final LowCardinalityColumn name = block.label("name");
  private final FixedColumn kind = block.uint8("kind");
  private final LowCardinalityColumn role = block.label("role");
  private final LowCardinalityColumn layer = block.label("layer");
  private final LowCardinalityColumn dialect = block.label("dialect");
  private final LowCardinalityColumn service = block.label("service");
  private final LowCardinalityColumn environment = block.label("environment");
  private final LowCardinalityColumn scopeName = block.label("scope_name");
  private final LowCardinalityColumn scopeVersion = block.label("scope_version");
  private final FixedColumn startTime = block.nanos("start_time");
  private final FixedColumn endTime = block.nanos("end_time");
  private final FixedColumn statusCode = block.uint8("status_code");
  private final StringColumn statusMessage = block.string("status_message");
  private final FixedColumn failed = block.bool("failed");
  private final LowCardinalityColumn errorClass = block.label("error_class");
  private final LowCardinalityColumn provider = block.label("provider");
  private final LowCardinalityColumn model = block.label("model");
  private final LowCardinalityColumn operation = block.label("operation");
  private final LowCardinalityColumn agent = block.label("agent");
  private final LowCardinalityColumn tool = block.label("tool");
  private final LowCardinalityColumn workflow = block.label("workflow");
  private final FixedColumn alsoRequest = block.bool("also_request");
  private final StringColumn callId = block.string("call_id");
  private final StringColumn responseId = block.string("response_id");
  private final FixedColumn inputTokens = block.int64("input_tokens");
  private final FixedColumn cacheReadTokens = block.int64("cache_read_tokens");
  private final FixedColumn cacheWriteTokens = block.int64("cache_write_tokens");
  private final FixedColumn outputTokens = block.int64("output_tokens");
  private final FixedColumn reasoningTokens = block.int64("reasoning_tokens");
  private final FixedColumn savedTokens = block.int64("saved_tokens");
  private final NullableColumn<FixedColumn> reportedCost = block.nullableMoney("reported_cost");
  private final NullableColumn<FixedColumn> cost = block.nullableMoney("cost");
  private final LowCardinalityColumn priceBook = block.label("price_book");
  private final StringColumn session = block.string("session");
  private final StringColumn user = block.string("user");
  private final StringColumn traceState = block.string("trace_state");
  private final FixedColumn flags = block.uint32("flags");
  private final MapColumn<LowCardinalityColumn, StringColumn> attributes =
      block.attributes("attributes");
  private final MapColumn<LowCardinalityColumn, StringColumn> resource =
      block.attributes("resource");
  private final ArrayColumn<FixedColumn> eventTimes = block.nanosList("event_times");
  private final ArrayColumn<LowCardinalityColumn> eventNames = block.labelList("event_names");
  private final ArrayColumn<MapColumn<LowCardinalityColumn, StringColumn>> eventAttributes =
      block.attributesList("event_attributes");
  private final ArrayColumn<FixedColumn> linkTraceIds = block.idList("link_trace_ids", 16);
  private final ArrayColumn<FixedColumn> linkSpanIds = block.idList("link_span_ids", 8);
  private final ArrayColumn<StringColumn> linkStates = block.stringList("link_states");
  private final ArrayColumn<MapColumn<LowCardinalityColumn, StringColumn>> linkAttributes =
      block.attributesList("link_attributes");
  private final FixedColumn hasContent = block.bool("has_content");
  private final KeyMemo memo = new KeyMemo(attributes.keys());

  /** Group of the resource that was added last, of the request in hand; -1 if none was. */
  private int addedResource;

  /** Its entries in the column. */
  private int resourceFrom;

  private int resourceTo;

  /** Group of the scope that was read last; -1 if none was. */
  private int readScope;

  private String nameOfScope = "";
  private String versionOfScope = "";

  SpanColumns(ContentColumns content) {
    this.content = content;
  }

  NativeBlock block() {
    return block;
  }

  /** Another request begins, or the block anew: groups of resources and scopes are others. */
  void begin() {
    addedResource = -1;
    readScope = -1;
  }

  /** Adds the reader's current span; the caller ends the row and the content's. */
  void add(TraceReader reader, NormalizedSpan s) throws MalformedOtlpException {
    project.add(s.project);
    ts.add(timeMs(s));
    traceId.addId(s.traceIdHi, s.traceIdLo);
    spanId.addId(s.spanId);
    parentSpanId.addId(s.parentSpanId);
    arrivalTime.add(s.arrivalMs);
    sourcePartition.add(s.sourcePartition);
    sourceOffset.add(s.sourceOffset);
    name.add(s.name.isEmpty() ? reader.name() : s.name);
    kind.add(reader.kind());
    role.add(s.role.label());
    Layer l = s.layer;
    layer.add(l == null ? "" : l.label());
    dialect.add(s.dialect);
    service.add(s.service);
    environment.add(s.environment);
    addScope(reader);
    startTime.add(KeptTimes.startNanos(s));
    endTime.add(KeptTimes.endNanos(s));
    statusCode.add(reader.statusCode());
    statusMessage.add(reader.statusMessage());
    failed.add(s.failed);
    errorClass.add(s.errorClass.label());
    provider.add(s.provider);
    model.add(s.model);
    operation.add(s.operation);
    agent.add(s.agent);
    tool.add(s.tool);
    workflow.add(s.workflow);
    addCall(s);
    session.add(s.session);
    user.add(s.user);
    traceState.add(reader.traceState());
    flags.add(s.flags);
    reader
        .attributes()
        .forEachRaw(
            (buffer, keyAt, keyLength, value) -> {
              if (memo.addUnlessContent(buffer, keyAt, keyLength)) {
                addText(attributes.values(), value);
              } else {
                content.add(buffer, keyAt, keyLength, value);
              }
            });
    attributes.endRow();
    addResource(reader);
    addEvents(reader.events());
    addLinks(reader.links());
    hasContent.add(content.hasAny());
  }

  private void addScope(TraceReader reader) {
    if (reader.scopeIndex() != readScope) {
      nameOfScope = reader.scopeName();
      versionOfScope = reader.scopeVersion();
      readScope = reader.scopeIndex();
    }
    scopeName.add(nameOfScope);
    scopeVersion.add(versionOfScope);
  }

  private void addResource(TraceReader reader) {
    if (reader.resourceIndex() == addedResource) {
      resource.keys().repeat(resourceFrom, resourceTo);
      resource.values().repeat(resourceFrom, resourceTo);
      resource.endRow();
      return;
    }
    resourceFrom = resource.keys().rows();
    addAll(resource, reader.resource());
    resourceTo = resource.keys().rows();
    addedResource = reader.resourceIndex();
  }

  private void addCall(NormalizedSpan s) {
    alsoRequest.add(s.alsoGatewayRequest);
    callId.add(s.callId);
    responseId.add(s.responseId);
    inputTokens.add(s.inputTokens);
    cacheReadTokens.add(s.cacheReadTokens);
    cacheWriteTokens.add(s.cacheWriteTokens);
    outputTokens.add(s.outputTokens);
    reasoningTokens.add(s.reasoningTokens);
    savedTokens.add(s.savedTokens);
    CallColumns.addMoney(reportedCost, s.reportedPicoUsd);
    CallColumns.addMoney(cost, s.costPicoUsd);
    priceBook.add(s.priceBook);
  }

  private void addEvents(EventCursor events) throws MalformedOtlpException {
    for (int n = 0; events.next(); n++) {
      int event = n;
      String eventName = events.name();
      // What such events carry is a message, whatever the key.
      boolean message = eventName.startsWith("gen_ai.");
      eventTimes.elements().add(events.timeEpochNanos());
      eventNames.elements().add(eventName);
      MapColumn<LowCardinalityColumn, StringColumn> map = eventAttributes.elements();
      events
          .attributes()
          .forEachRaw(
              (buffer, keyAt, keyLength, value) -> {
                if (message || memo.isContent(buffer, keyAt, keyLength)) {
                  content.addOfEvent(event, buffer, keyAt, keyLength, value);
                } else {
                  map.keys().add(buffer, keyAt, keyLength);
                  addText(map.values(), value);
                }
              });
      map.endRow();
    }
    eventTimes.endRow();
    eventNames.endRow();
    eventAttributes.endRow();
  }

  private void addLinks(LinkCursor links) throws MalformedOtlpException {
    while (links.next()) {
      linkTraceIds.elements().addId(links.traceIdHi(), links.traceIdLo());
      linkSpanIds.elements().addId(links.spanId());
      linkStates.elements().add(links.traceState());
      addAll(linkAttributes.elements(), links.attributes());
    }
    linkTraceIds.endRow();
    linkSpanIds.endRow();
    linkStates.endRow();
    linkAttributes.endRow();
  }

  private static void addAll(
      MapColumn<LowCardinalityColumn, StringColumn> column, AttributeView from) {
    from.forEachRaw(
        (buffer, keyAt, keyLength, value) -> {
          column.keys().add(buffer, keyAt, keyLength);
          addText(column.values(), value);
        });
    column.endRow();
  }

  static void addText(StringColumn column, AnyValue value) {
    switch (value.type()) {
      case AnyValue.STRING -> column.add(value.buffer(), value.offset(), value.sizeBytes());
      case AnyValue.INT -> column.add(value.longValue(0));
      case AnyValue.BOOL -> column.add(value.isTrue() ? "true" : "false");
      default -> column.add(value.text());
    }
  }

  /** The span's place in time and so in a partition: never far from its arrival's side. */
  static long timeMs(NormalizedSpan s) {
    boolean sensible = s.eventTimeMs >= EARLIEST_MS && s.eventTimeMs <= s.arrivalMs + MAX_AHEAD_MS;
    return sensible ? s.eventTimeMs : s.arrivalMs;
  }
}
