/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.spanmill.ingest.receive.Outcome;

/** The bodies of answers: OTLP's response on success, google.rpc.Status on anything else. */
public final class StatusBody {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private StatusBody() {}

  /** The response message; no bytes on full success. */
  public static byte[] response(Outcome outcome) {
    if (outcome.kind() == Outcome.Kind.ACCEPTED) {
      return new byte[0];
    }
    return ExportTraceServiceResponse.newBuilder()
        .setPartialSuccess(
            ExportTracePartialSuccess.newBuilder()
                .setRejectedSpans(outcome.rejectedSpans())
                .setErrorMessage(outcome.message()))
        .build()
        .toByteArray();
  }

  /** The status with its details: BadRequest for what is malformed, RetryInfo for what may pass. */
  public static byte[] status(Outcome outcome) {
    Outcome.Kind kind = outcome.kind();
    Status.Builder status =
        Status.newBuilder().setCode(kind.grpcCode()).setMessage(outcome.message());
    if (kind == Outcome.Kind.MALFORMED) {
      status.addDetails(
          Any.pack(
              BadRequest.newBuilder()
                  .addFieldViolations(
                      BadRequest.FieldViolation.newBuilder()
                          .setField("body")
                          .setDescription(outcome.message()))
                  .build()));
    }
    if (kind.retryAfterSeconds() > 0) {
      status.addDetails(
          Any.pack(
              RetryInfo.newBuilder()
                  .setRetryDelay(Duration.newBuilder().setSeconds(kind.retryAfterSeconds()))
                  .build()));
    }
    return status.build().toByteArray();
  }

  /** Response or status as JSON. */
  static byte[] json(Outcome outcome) {
    ObjectNode body = MAPPER.createObjectNode();
    Outcome.Kind kind = outcome.kind();
    if (kind == Outcome.Kind.PARTIAL) {
      ObjectNode partial = body.putObject("partialSuccess");
      if (outcome.rejectedSpans() > 0) {
        partial.put("rejectedSpans", Long.toString(outcome.rejectedSpans()));
      }
      partial.put("errorMessage", outcome.message());
    } else if (kind != Outcome.Kind.ACCEPTED) {
      body.put("code", kind.grpcCode());
      body.put("message", outcome.message());
      if (kind == Outcome.Kind.MALFORMED) {
        ObjectNode detail = body.putArray("details").addObject();
        detail.put("@type", "type.googleapis.com/google.rpc.BadRequest");
        ObjectNode violation = detail.putArray("fieldViolations").addObject();
        violation.put("field", "body");
        violation.put("description", outcome.message());
      } else if (kind.retryAfterSeconds() > 0) {
        ObjectNode detail = body.putArray("details").addObject();
        detail.put("@type", "type.googleapis.com/google.rpc.RetryInfo");
        detail.put("retryDelay", kind.retryAfterSeconds() + "s");
      }
    }
    try {
      return MAPPER.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts and numbers can be written", e);
    }
  }
}
