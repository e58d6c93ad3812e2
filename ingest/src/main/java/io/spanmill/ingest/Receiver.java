/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.Outcome.Kind;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.OtlpJson;
import io.spanmill.otlp.SplitLimits;
import io.spanmill.otlp.SplitResult;
import io.spanmill.otlp.TraceSplitter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPInputStream;

/**
 * Takes one request from its bytes to the brokers' acknowledgement; protocols only differ in how
 * they bring the bytes and tell the outcome. Thread-safe.
 */
final class Receiver {
  private static final int BUFFER = 16 * 1024;

  private final TraceSplitter splitter = new TraceSplitter();
  private final OtlpJson json = new OtlpJson();
  private final SplitLimits limits;
  private final int partitions;
  private final long maxBodyBytes;
  private final int maxSpans;
  private final Admission admission;
  private final Publisher publisher;
  private final IngestMetrics metrics;

  Receiver(
      Settings settings,
      int partitions,
      Admission admission,
      Publisher publisher,
      IngestMetrics metrics) {
    this.limits =
        new SplitLimits(
            settings.integer(Keys.KAFKA_RECORD_MAX_BYTES),
            settings.integer(Keys.INGEST_MAX_SPAN_BYTES));
    this.partitions = partitions;
    this.maxBodyBytes = settings.longValue(Keys.INGEST_MAX_BODY);
    this.maxSpans = settings.integer(Keys.INGEST_MAX_SPANS);
    this.admission = admission;
    this.publisher = publisher;
    this.metrics = metrics;
  }

  /** Largest body after decompression, for messages. */
  long maxBodyBytes() {
    return maxBodyBytes;
  }

  /**
   * Serves one request.
   *
   * @param body as sent
   * @param gzip whether it is compressed
   * @param isJson whether it is JSON
   */
  CompletableFuture<Outcome> receive(String project, byte[] body, boolean gzip, boolean isJson) {
    // Compressed bodies are charged with their limit, since no one knows what they hold.
    long size =
        gzip ? Math.min(maxBodyBytes, Math.max(body.length, body.length * 20L)) : body.length;
    if (!admission.admit(project, size)) {
      return CompletableFuture.completedFuture(
          Outcome.of(
              Kind.OVERLOADED,
              "too many bytes in flight (ingest.max.inflight.bytes, ingest.max.requests): send again later"));
    }
    CompletableFuture<Outcome> outcome;
    try {
      outcome = split(project, body, gzip, isJson);
    } catch (MalformedOtlpException e) {
      outcome =
          CompletableFuture.completedFuture(
              Outcome.of(Kind.MALFORMED, String.valueOf(e.getMessage())));
    } catch (TooLargeException e) {
      outcome =
          CompletableFuture.completedFuture(
              Outcome.of(Kind.TOO_LARGE, String.valueOf(e.getMessage())));
    } catch (RuntimeException | StackOverflowError e) {
      admission.release(project, size);
      throw e;
    }
    return outcome.whenComplete((o, e) -> admission.release(project, size));
  }

  private CompletableFuture<Outcome> split(
      String project, byte[] body, boolean gzip, boolean isJson)
      throws MalformedOtlpException, TooLargeException {
    byte[] plain = gzip ? inflate(body) : body;
    if (plain.length > maxBodyBytes) {
      throw new TooLargeException(
          "body of " + plain.length + " bytes, ingest.max.body.bytes is " + maxBodyBytes);
    }
    byte[] request = isJson ? json.toProtobuf(plain, 0, plain.length) : plain;
    int spans = splitter.countSpans(request, 0, request.length);
    if (spans > maxSpans) {
      throw new TooLargeException(spans + " spans, ingest.max.spans is " + maxSpans);
    }
    SplitResult result = splitter.split(request, 0, request.length, partitions, limits);
    metrics.received(result.spans(), plain.length);
    CompletableFuture<?>[] acknowledged =
        result.chunks().stream()
            .map(c -> publisher.publish(project, c.partition(), c.value()))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(acknowledged)
        .handle(
            (done, error) -> {
              if (error != null) {
                metrics.refused(result.spans());
                return Outcome.of(
                    Kind.UNAVAILABLE, "Kafka did not acknowledge in time: send again");
              }
              metrics.accepted(
                  result.spans() - result.rejectedSpans(),
                  result.rejectedSpans(),
                  result.cutSpans());
              return new Outcome(Kind.ACCEPTED, result.rejection(), result.rejectedSpans());
            });
  }

  /** Decompresses up to the limit and not a byte further, so that a bomb costs no more than it. */
  private byte[] inflate(byte[] body) throws MalformedOtlpException, TooLargeException {
    ByteArrayOutputStream out =
        new ByteArrayOutputStream(Math.min(body.length * 4 + BUFFER, 1 << 22));
    byte[] buffer = new byte[BUFFER];
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body), BUFFER)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (out.size() + (long) n > maxBodyBytes) {
          throw new TooLargeException(
              "body of more than "
                  + maxBodyBytes
                  + " bytes after decompression (ingest.max.body.bytes)");
        }
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      throw new MalformedOtlpException("body is not gzip: " + e.getMessage());
    }
    return out.toByteArray();
  }

  private static final class TooLargeException extends Exception {
    TooLargeException(String message) {
      super(message);
    }
  }
}
