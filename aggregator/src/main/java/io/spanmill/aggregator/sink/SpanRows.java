/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.codec.Topics;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** {@code otlp_spans} → tables {@code spans} and {@code span_content}. */
final class SpanRows implements BatchRows {
  private static final String DEFAULT_PROJECT = "default";

  private final SpanInterpreter interpreter;
  private final TraceReader reader;
  private final boolean storeInfra;
  private final SinkMetrics metrics;
  private final Clock clock;
  private final NormalizedSpan span = new NormalizedSpan();
  private final ContentColumns contentColumns;
  private final SpanColumns spanColumns;
  private final TableBlock content;
  private final TableBlock spans;
  private final Markers markers = new Markers();
  private final Map<Integer, Long> lastArrivalMs = new HashMap<>();

  SpanRows(
      SpanInterpreter interpreter,
      ContentStorage storage,
      boolean storeInfra,
      SinkMetrics metrics,
      Clock clock) {
    this.interpreter = interpreter;
    this.reader = interpreter.newReader();
    this.storeInfra = storeInfra;
    this.metrics = metrics;
    this.clock = clock;
    contentColumns = new ContentColumns(storage);
    spanColumns = new SpanColumns(contentColumns);
    content = new TableBlock(ContentColumns.TABLE, contentColumns.block());
    spans = new TableBlock(SpanColumns.TABLE, spanColumns.block());
  }

  @Override
  public String kind() {
    return "spans";
  }

  @Override
  public String topic() {
    return Topics.SPANS;
  }

  @Override
  public int fetchMinBytes() {
    return 1 << 20;
  }

  @Override
  public void add(ConsumerRecord<byte[], byte[]> record) {
    lastArrivalMs.put(record.partition(), record.timestamp());
    int contentBefore = content.block().rows();
    int spansBefore = spans.block().rows();
    try {
      addSpans(record);
    } catch (MalformedOtlpException e) {
      rewind(contentBefore, spansBefore);
      throw new IllegalArgumentException(e.getMessage(), e);
    } catch (RuntimeException e) {
      rewind(contentBefore, spansBefore);
      throw e;
    }
  }

  private void rewind(int contentRows, int spanRows) {
    content.rewind(contentRows);
    spans.rewind(spanRows);
  }

  private void addSpans(ConsumerRecord<byte[], byte[]> record) throws MalformedOtlpException {
    byte[] value = record.value();
    if (value == null) {
      throw new IllegalArgumentException("record without a value");
    }
    String project = project(record);
    reader.reset(value, 0, value.length);
    spanColumns.begin();
    while (reader.next()) {
      span.clear();
      span.project = project;
      span.arrivalMs = record.timestamp();
      span.sourcePartition = record.partition();
      span.sourceOffset = record.offset();
      interpreter.interpret(reader, span);
      if (!storeInfra && (span.role == Role.RAW || span.role == Role.INFRA)) {
        metrics.dropped(1);
        continue;
      }
      spanColumns.add(reader, span);
      spans.endRow(record.partition(), record.offset());
      if (contentColumns.endSpan(span)) {
        content.endRow(record.partition(), record.offset());
      }
    }
  }

  @Override
  public void positioned(int partition, long offset) {
    markers.put(
        new SourceProgress(
            partition,
            partition,
            offset,
            lastArrivalMs.getOrDefault(partition, 0L),
            offset,
            clock.millis()));
  }

  @Override
  public int rows() {
    return spans.block().rows();
  }

  @Override
  public long sizeBytes() {
    return spans.block().sizeBytes() + content.block().sizeBytes();
  }

  @Override
  public List<TableBlock> blocks() {
    return List.of(content, spans);
  }

  /** A span that says it has content has it there. */
  @Override
  public boolean inOrder() {
    return true;
  }

  @Override
  public List<SourceProgress> progress() {
    return markers.latest();
  }

  @Override
  public void clear() {
    content.clear();
    spans.clear();
    markers.clear();
  }

  private static String project(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(Topics.PROJECT_HEADER);
    return header == null || header.value() == null
        ? DEFAULT_PROJECT
        : new String(header.value(), StandardCharsets.UTF_8);
  }
}
