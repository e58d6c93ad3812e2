/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.OtlpJson;
import io.spanmill.otlp.SplitLimits;
import io.spanmill.otlp.SplitResult;
import io.spanmill.otlp.TraceSplitter;
import io.spanmill.standalone.embedded.SetupException;
import io.spanmill.standalone.traffic.OtlpBody;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends dead letters again, each in one transaction with the note that it was: it is sent wholly
 * and noted, or neither. Letters of {@code llm_calls} and {@code llm_rollups} go back where they
 * came from, whose rows replace themselves; all others are export requests and go to {@code
 * otlp_spans}, checked and split as ingest does it. Two of these at a time: the later one fences
 * the earlier off. Not thread-safe.
 */
final class LetterSender implements AutoCloseable {
  private static final String TRANSACTIONAL_ID = "spanmill-dlq-redrive";
  private static final Set<String> OF_SINKS = Set.of(Topics.CALLS, Topics.ROLLUPS);
  private static final String DEFAULT_PROJECT = "default";
  private static final int FRAMING_BYTES = 1024;

  /** A broken-off transaction holds up whoever reads the topic for so long at most. */
  private static final int TRANSACTION_LIMIT_MS = 10_000;

  private final KafkaProducer<byte[], byte[]> producer;
  private final TraceSplitter splitter = new TraceSplitter();
  private final SplitLimits limits;
  private final Settings settings;

  /** Connects; nobody else's transaction is open then. */
  LetterSender(Settings settings) {
    this.settings = settings;
    int recordBytes = settings.integer(Keys.KAFKA_RECORD_MAX_BYTES);
    limits =
        new SplitLimits(
            recordBytes,
            Math.min(settings.integer(Keys.INGEST_MAX_SPAN_BYTES), recordBytes - FRAMING_BYTES));
    Map<String, Object> config = new HashMap<>(settings.kafkaClient());
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, TRANSACTIONAL_ID);
    config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_LIMIT_MS);
    config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, recordBytes + 200_000);
    producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    try {
      producer.initTransactions();
    } catch (KafkaException e) {
      producer.close();
      throw unwritable(e);
    }
  }

  /**
   * Sends one again.
   *
   * @return what became of it
   * @throws SetupException if Kafka does not take it; then nothing of it is sent
   */
  Outcome send(DeadLetters.Letter letter) {
    if (letter.value().length == 0) {
      return Outcome.refused(
          "it was set aside without its value, and " + letter.source() + " is not there any more");
    }
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    String warning = "";
    if (OF_SINKS.contains(letter.topic())) {
      records.add(
          new ProducerRecord<>(
              letter.topic(), Integer.parseInt(letter.sourcePartition()), null, letter.value()));
    } else {
      try {
        warning = split(letter, records);
      } catch (MalformedOtlpException e) {
        return Outcome.refused("no export request: " + e.getMessage());
      }
      if (records.isEmpty()) {
        return Outcome.refused(warning.isEmpty() ? "it holds no spans" : warning);
      }
    }
    records.add(note(letter));
    try {
      producer.beginTransaction();
      for (ProducerRecord<byte[], byte[]> record : records) {
        // The commit throws what any of them failed with.
        var unused = producer.send(record);
      }
      producer.commitTransaction();
    } catch (KafkaException e) {
      throw unwritable(e);
    }
    return new Outcome(true, warning);
  }

  /**
   * What became of a letter.
   *
   * @param sent whether it was sent, wholly or all that is valid of it
   * @param message what was refused; empty if nothing was
   */
  record Outcome(boolean sent, String message) {
    private static Outcome refused(String why) {
      return new Outcome(false, why);
    }
  }

  @Override
  public void close() {
    producer.close();
  }

  private String split(DeadLetters.Letter letter, List<ProducerRecord<byte[], byte[]>> records)
      throws MalformedOtlpException {
    byte[] value = letter.value();
    if (OtlpBody.of(value).json()) {
      // A bridged topic may hold OTLP/JSON.
      value = new OtlpJson().toProtobuf(value, 0, value.length);
    }
    int partitions = producer.partitionsFor(Topics.SPANS).size();
    SplitResult result = splitter.split(value, 0, value.length, partitions, limits);
    if (result.excessBytes() > 0) {
      return "its "
          + value.length
          + " bytes, split by trace into records of "
          + limits.maxRecordBytes()
          + ", would take "
          + result.excessBytes()
          + ": its resources and scopes stand around spans of many traces. Set "
          + Keys.KAFKA_RECORD_MAX_BYTES
          + " higher, or let its sender keep resource attributes small";
    }
    byte[] project = utf8(letter.project().equals("?") ? DEFAULT_PROJECT : letter.project());
    boolean counted = letter.by().startsWith(LetterHeaders.SINK);
    for (SplitResult.Chunk chunk : result.chunks()) {
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(Topics.SPANS, chunk.partition(), null, chunk.value());
      record.headers().add(Topics.PROJECT_HEADER, project);
      if (counted) {
        record.headers().add(LetterHeaders.STORE_ONLY, utf8(letter.id()));
      }
      records.add(record);
    }
    return result.rejectedSpans() == 0
        ? ""
        : result.rejectedSpans() + " spans rejected: " + result.rejection();
  }

  private static ProducerRecord<byte[], byte[]> note(DeadLetters.Letter letter) {
    ProducerRecord<byte[], byte[]> note =
        new ProducerRecord<>(Topics.DEAD_LETTERS, letter.partition(), null, null);
    note.headers().add(LetterHeaders.SENT_AGAIN, utf8(letter.id()));
    return note;
  }

  private SetupException unwritable(KafkaException cause) {
    return new SetupException(
        "cannot send again through "
            + settings.string(Keys.KAFKA_BOOTSTRAP)
            + ": "
            + cause.getMessage(),
        cause);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
