/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Sends export requests to an ingest over OTLP/HTTP. Safe for use by many threads. */
public final class OtlpClient {
  /** Field number of the message in a google.rpc.Status. */
  private static final int STATUS_MESSAGE = 2;

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** The answers after which OTLP lets a sender try again. */
  private static final Set<Integer> RETRYABLE = Set.of(429, 502, 503, 504);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final URI traces;
  private final @Nullable String key;
  private final boolean gzip;

  /**
   * A sender.
   *
   * @param ingest address of the ingest, without path
   * @param key API key, or null
   */
  public OtlpClient(URI ingest, @Nullable String key, boolean gzip) {
    this.traces = URI.create(ingest.toString().replaceAll("/+$", "") + "/v1/traces");
    this.key = key;
    this.gzip = gzip;
  }

  /**
   * What became of one request.
   *
   * @param status HTTP status
   * @param rejectedSpans spans the receiver will never take
   * @param message the receiver's words, empty if it had none
   * @param retryAfterMs how long the receiver asks to wait, 0 if it does not say
   */
  public record Result(int status, long rejectedSpans, String message, long retryAfterMs) {
    /** An answer that asks for no pause. */
    public Result(int status, long rejectedSpans, String message) {
      this(status, rejectedSpans, message, 0);
    }

    public boolean accepted() {
      return status == 200;
    }

    /** Whether the same request may be sent again. */
    public boolean retryable() {
      return RETRYABLE.contains(status);
    }
  }

  /** Sends one request; the future fails with the I/O error if there was no answer. */
  public CompletableFuture<Result> send(OtlpBody body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(traces).timeout(TIMEOUT).header("Content-Type", body.contentType());
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    byte[] bytes = body.bytes();
    if (gzip) {
      request.header("Content-Encoding", "gzip");
      bytes = compressed(bytes);
    }
    return http.sendAsync(
            request.POST(BodyPublishers.ofByteArray(bytes)).build(), BodyHandlers.ofByteArray())
        .thenApply(response -> result(response, body.json()));
  }

  private static Result result(HttpResponse<byte[]> response, boolean json) {
    byte[] body = response.body();
    if (response.statusCode() != 200) {
      return new Result(response.statusCode(), 0, words(body), retryAfterMs(response));
    }
    try {
      if (json) {
        JsonNode partial = MAPPER.readTree(body).path("partialSuccess");
        return new Result(
            200, partial.path("rejectedSpans").asLong(), partial.path("errorMessage").asText());
      }
      ExportTracePartialSuccess partial =
          ExportTraceServiceResponse.parseFrom(body).getPartialSuccess();
      return new Result(200, partial.getRejectedSpans(), partial.getErrorMessage());
    } catch (IOException e) {
      throw new UncheckedIOException("the answer is not OTLP", e);
    }
  }

  /** What a refusal says: its text, or the message of a google.rpc.Status in protobuf. */
  private static String words(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8).strip();
    if (text.codePoints().noneMatch(c -> c == 0xFFFD || c < 32)) {
      return text;
    }
    try {
      List<ByteString> message =
          UnknownFieldSet.parseFrom(body).getField(STATUS_MESSAGE).getLengthDelimitedList();
      return message.isEmpty() ? "" : message.get(0).toStringUtf8();
    } catch (InvalidProtocolBufferException e) {
      return "";
    }
  }

  /** The header in seconds; a date, which no receiver of OTLP sends, counts as none. */
  private static long retryAfterMs(HttpResponse<byte[]> response) {
    String told = response.headers().firstValue("Retry-After").orElse("").strip();
    return told.matches("\\d{1,4}") ? Long.parseLong(told) * 1000 : 0;
  }

  private static byte[] compressed(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 3 + 64);
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
