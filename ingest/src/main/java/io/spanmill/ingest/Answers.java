/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Response bodies: the export response, or google.rpc.Status, in protobuf or JSON. */
final class Answers {
  /** How long a sender should wait when told to come again. */
  static final int RETRY_SECONDS = 2;

  private static final int MAX_MESSAGE = 1000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private Answers() {}

  static byte[] protobuf(Outcome outcome) {
    if (outcome.kind() == Outcome.Kind.ACCEPTED) {
      ExportTraceServiceResponse.Builder response = ExportTraceServiceResponse.newBuilder();
      if (outcome.rejectedSpans() > 0 || !outcome.message().isEmpty()) {
        response.setPartialSuccess(
            ExportTracePartialSuccess.newBuilder()
                .setRejectedSpans(outcome.rejectedSpans())
                .setErrorMessage(shortened(outcome.message())));
      }
      return response.build().toByteArray();
    }
    return status(outcome).toByteArray();
  }

  static byte[] json(Outcome outcome) {
    Map<String, Object> body = new LinkedHashMap<>();
    if (outcome.kind() == Outcome.Kind.ACCEPTED) {
      if (outcome.rejectedSpans() > 0 || !outcome.message().isEmpty()) {
        Map<String, Object> partial = new LinkedHashMap<>();
        if (outcome.rejectedSpans() > 0) {
          partial.put("rejectedSpans", Integer.toString(outcome.rejectedSpans()));
        }
        partial.put("errorMessage", shortened(outcome.message()));
        body.put("partialSuccess", partial);
      }
    } else {
      body.put("code", outcome.kind().grpcCode());
      body.put("message", shortened(outcome.message()));
      if (outcome.kind() == Outcome.Kind.MALFORMED) {
        body.put(
            "details",
            List.of(
                Map.of(
                    "@type",
                    "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations",
                    List.of(Map.of("description", shortened(outcome.message()))))));
      } else if (outcome.kind().retryable()) {
        body.put(
            "details",
            List.of(
                Map.of(
                    "@type",
                    "type.googleapis.com/google.rpc.RetryInfo",
                    "retryDelay",
                    RETRY_SECONDS + "s")));
      }
    }
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      return "{}".getBytes(StandardCharsets.UTF_8);
    }
  }

  /** The status with what helps the sender: which input was bad, or when to come again. */
  static Status status(Outcome outcome) {
    Status.Builder status =
        Status.newBuilder()
            .setCode(outcome.kind().grpcCode())
            .setMessage(shortened(outcome.message()));
    if (outcome.kind() == Outcome.Kind.MALFORMED) {
      status.addDetails(
          Any.pack(
              BadRequest.newBuilder()
                  .addFieldViolations(
                      BadRequest.FieldViolation.newBuilder()
                          .setDescription(shortened(outcome.message())))
                  .build()));
    } else if (outcome.kind().retryable()) {
      status.addDetails(
          Any.pack(
              RetryInfo.newBuilder()
                  .setRetryDelay(Duration.newBuilder().setSeconds(RETRY_SECONDS))
                  .build()));
    }
    return status.build();
  }

  private static String shortened(String message) {
    return message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "…";
  }
}
