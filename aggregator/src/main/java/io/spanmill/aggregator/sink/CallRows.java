/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.ArrayColumn;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.StringColumn;
import io.spanmill.codec.CallBatchReader;
import io.spanmill.codec.EditionCut;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RecordFormat;
import io.spanmill.codec.Topics;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * {@code llm_calls} → tables {@code calls} and {@code duplicates}, and after them {@code
 * edition_cuts}.
 */
final class CallRows implements BatchRows {
  private final CallBatchReader reader = new CallBatchReader();
  private final NormalizedSpan call = new NormalizedSpan();
  private final CallColumns columns;
  private final TableBlock calls;
  private final DuplicateColumns duplicateColumns = new DuplicateColumns();
  private final TableBlock duplicates = new TableBlock("duplicates", duplicateColumns.block);
  private final CutColumns cutColumns = new CutColumns();
  private final TableBlock cuts = new TableBlock("edition_cuts", cutColumns.block);
  private final Markers markers = new Markers();

  CallRows(List<String> attributeNames) {
    columns = new CallColumns(attributeNames);
    calls = new TableBlock(CallColumns.TABLE, columns.block());
  }

  @Override
  public String kind() {
    return "calls";
  }

  @Override
  public String topic() {
    return Topics.CALLS;
  }

  @Override
  public int fetchMinBytes() {
    return 256 << 10;
  }

  @Override
  public void add(ConsumerRecord<byte[], byte[]> record) {
    RecordFormat format = RecordFormat.of(record.value());
    if (format == RecordFormat.MARKER) {
      markers.add(record, ProgressMarker.decode(record.value()));
      return;
    }
    if (format == RecordFormat.CUT) {
      cutColumns.add(EditionCut.decode(record.value()));
      cuts.endRow(record.partition(), record.offset());
      return;
    }
    int callsBefore = calls.block().rows();
    int duplicatesBefore = duplicates.block().rows();
    try {
      reader.reset(record.value());
      while (reader.nextCall(call)) {
        columns.add(call, 0);
        calls.endRow(record.partition(), record.offset());
      }
      while (reader.nextDuplicate(call)) {
        duplicateColumns.add(call);
        duplicates.endRow(record.partition(), record.offset());
      }
    } catch (RuntimeException e) {
      calls.rewind(callsBefore);
      duplicates.rewind(duplicatesBefore);
      throw e;
    }
  }

  @Override
  public int rows() {
    return calls.block().rows() + duplicates.block().rows();
  }

  @Override
  public long sizeBytes() {
    return calls.block().sizeBytes() + duplicates.block().sizeBytes();
  }

  @Override
  public List<TableBlock> blocks() {
    return List.of(duplicates, calls, cuts);
  }

  /** A cut tells that all calls before it are there. */
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
    calls.clear();
    duplicates.clear();
    cuts.clear();
    markers.clear();
  }

  private static final class DuplicateColumns {
    final NativeBlock block = new NativeBlock();
    final LowCardinalityColumn project = block.label("project");
    final LowCardinalityColumn layer = block.label("layer");
    final FixedColumn eventTime = block.millis("event_time");
    final FixedColumn traceId = block.id("trace_id", 16);
    final FixedColumn spanId = block.id("span_id", 8);
    final FixedColumn arrivalTime = block.millis("arrival_time");
    final FixedColumn sourcePartition = block.int32("source_partition");
    final FixedColumn sourceOffset = block.int64("source_offset");

    void add(NormalizedSpan c) {
      project.add(c.project);
      Layer l = c.layer;
      layer.add(l == null ? "" : l.label());
      eventTime.add(c.eventTimeMs);
      traceId.addId(c.traceIdHi, c.traceIdLo);
      spanId.addId(c.spanId);
      arrivalTime.add(c.arrivalMs);
      sourcePartition.add(c.sourcePartition);
      sourceOffset.add(c.sourceOffset);
    }
  }

  private static final class CutColumns {
    final NativeBlock block = new NativeBlock();
    final FixedColumn edition = block.uint32("edition");
    final FixedColumn sourcePartition = block.int32("source_partition");
    final FixedColumn sourceOffset = block.int64("source_offset");
    final FixedColumn arrivalMs = block.int64("arrival_ms");
    final ArrayColumn<StringColumn> cubes = block.stringList("cubes");

    void add(EditionCut cut) {
      edition.add(cut.edition());
      sourcePartition.add(cut.sourcePartition());
      sourceOffset.add(cut.sourceOffset());
      arrivalMs.add(cut.arrivalMs());
      cut.cubes().forEach(cubes.elements()::add);
      cubes.endRow();
    }
  }
}
