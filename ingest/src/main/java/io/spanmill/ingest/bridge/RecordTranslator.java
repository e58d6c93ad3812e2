/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.bridge;

import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.publish.RecordValue;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.OtlpJson;
import io.spanmill.otlp.SplitLimits;
import io.spanmill.otlp.SplitResult;
import io.spanmill.otlp.TraceSplitter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a Collector's records into records of {@code otlp_spans}: split by trace, spans of one
 * partition joined up to the record limit. Records that cannot be decoded become dead letters with
 * reason and coordinates. Writes nothing itself. Not thread-safe.
 */
final class RecordTranslator {
  private static final Logger LOG = LoggerFactory.getLogger(RecordTranslator.class);

  private final TraceSplitter splitter = new TraceSplitter();
  private final OtlpJson json = new OtlpJson();
  private final Map<String, Boolean> jsonByTopic = new HashMap<>();
  private final byte[] project;
  private final int partitions;
  private final int maxRecordBytes;
  private final long maxBodyBytes;
  private final int maxSpans;
  private final SplitLimits limits;
  private final Map<Integer, RecordValue> open = new TreeMap<>();

  RecordTranslator(Settings settings, List<BridgeTopic> topics) {
    topics.forEach(topic -> jsonByTopic.put(topic.name(), topic.json()));
    project = utf8(settings.string(Keys.INGEST_BRIDGE_PROJECT));
    partitions = settings.integer(Keys.KAFKA_PARTITIONS);
    maxRecordBytes = settings.integer(Keys.KAFKA_RECORD_MAX_BYTES);
    maxBodyBytes = settings.longValue(Keys.INGEST_MAX_BODY);
    maxSpans = settings.integer(Keys.INGEST_MAX_SPANS);
    limits = SplitLimits.of(settings);
  }

  /** Takes one record; what is full goes out at once, the rest with {@link #flush}. */
  void translate(
      ConsumerRecord<byte[], byte[]> record,
      Consumer<ProducerRecord<byte[], byte[]>> out,
      BridgeCounts counts) {
    byte[] value = record.value();
    if (value == null) {
      deadLetter(record, "the record has no value", out, counts);
      return;
    }
    if (value.length > maxBodyBytes) {
      deadLetter(
          record,
          value.length + " bytes are more than " + Keys.INGEST_MAX_BODY + " allows",
          out,
          counts);
      return;
    }
    SplitResult split;
    try {
      OtlpJson.Encoded proto =
          jsonByTopic.getOrDefault(record.topic(), false)
              ? json.encode(value, 0, value.length)
              : new OtlpJson.Encoded(value, value.length);
      TraceSplitter.Parts parts = splitter.count(proto.bytes(), 0, proto.length());
      if (parts.spans() > maxSpans || parts.groups() / 2 > maxSpans) {
        deadLetter(
            record,
            parts.spans() + " spans are more than " + Keys.INGEST_MAX_SPANS + " allows",
            out,
            counts);
        return;
      }
      split = splitter.split(proto.bytes(), 0, proto.length(), partitions, limits);
      if (split.excessBytes() > 0) {
        deadLetter(
            record, "split by trace it would take " + split.excessBytes() + " bytes", out, counts);
        return;
      }
    } catch (MalformedOtlpException e) {
      deadLetter(record, "no OTLP traces: " + e.getMessage(), out, counts);
      return;
    }
    counts.forwardedRecords++;
    counts.producedSpans += split.spans() - split.rejectedSpans();
    counts.rejectedSpans += split.rejectedSpans();
    counts.cutSpans += split.cutSpans();
    if (split.rejectedSpans() > 0) {
      LOG.debug(
          "bridge topic={} partition={} offset={} {}",
          record.topic(),
          record.partition(),
          record.offset(),
          split.rejection());
    }
    for (SplitResult.Chunk chunk : split.chunks()) {
      RecordValue joined = open.computeIfAbsent(chunk.partition(), p -> new RecordValue());
      if (joined.sizeBytes() > 0 && joined.sizeBytes() + chunk.value().length > maxRecordBytes) {
        out.accept(spans(chunk.partition(), joined));
      }
      joined.add(chunk.value());
    }
  }

  /** Sends what is left. */
  void flush(Consumer<ProducerRecord<byte[], byte[]>> out) {
    for (Iterator<Map.Entry<Integer, RecordValue>> i = open.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<Integer, RecordValue> entry = i.next();
      i.remove();
      if (entry.getValue().sizeBytes() > 0) {
        out.accept(spans(entry.getKey(), entry.getValue()));
      }
    }
  }

  /** Forgets what is left, after a transaction was undone. */
  void discard() {
    open.clear();
  }

  private ProducerRecord<byte[], byte[]> spans(int partition, RecordValue value) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(Topics.SPANS, partition, null, value.take());
    record.headers().add(Topics.PROJECT_HEADER, project);
    return record;
  }

  private void deadLetter(
      ConsumerRecord<byte[], byte[]> record,
      String reason,
      Consumer<ProducerRecord<byte[], byte[]>> out,
      BridgeCounts counts) {
    counts.deadRecords++;
    if (counts.deadRecords == 1) {
      // One line a transaction: a topic full of something else must not fill the log.
      LOG.warn(
          "bridge sets records aside, the first of them: topic={} partition={} offset={} reason={}",
          record.topic(),
          record.partition(),
          record.offset(),
          reason);
    }
    byte[] value = record.value();
    boolean copied = value != null && value.length <= maxRecordBytes;
    String told =
        value == null || copied
            ? reason
            : reason + " (" + value.length + " bytes: too large to be copied here)";
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(
            Topics.DEAD_LETTERS,
            record.partition() % partitions,
            null,
            copied ? value : new byte[0]);
    letter
        .headers()
        .add(LetterHeaders.REASON, utf8(told))
        .add(LetterHeaders.BY, utf8(LetterHeaders.BRIDGE))
        .add(LetterHeaders.TOPIC, utf8(record.topic()))
        .add(LetterHeaders.PARTITION, utf8(Integer.toString(record.partition())))
        .add(LetterHeaders.OFFSET, utf8(Long.toString(record.offset())))
        .add(Topics.PROJECT_HEADER, project);
    out.accept(letter);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
