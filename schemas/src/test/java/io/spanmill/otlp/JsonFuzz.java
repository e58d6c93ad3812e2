/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

/**
 * For any bytes: the JSON mapping and its plain oracle both refuse them, for the same reason, or
 * make the same request of them. A target of Jazzer, and called by tests.
 */
public final class JsonFuzz {
  private static final OtlpJson MAPPING = new OtlpJson();
  private static final PlainOtlpJson ORACLE = new PlainOtlpJson();

  private JsonFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] json) {
    check(json);
  }

  static void check(byte[] json) {
    byte[] plain = null;
    String refusal = null;
    try {
      plain = ORACLE.toProtobuf(json, 0, json.length);
    } catch (MalformedOtlpException e) {
      refusal = e.getMessage();
    }
    try {
      byte[] streamed = MAPPING.toProtobuf(json, 0, json.length);
      if (plain == null) {
        throw new AssertionError("the oracle refuses it: " + refusal);
      }
      if (!canonical(streamed).equals(canonical(plain))) {
        throw new AssertionError("another request than the oracle's");
      }
    } catch (MalformedOtlpException e) {
      if (plain != null || !e.getMessage().equals(refusal)) {
        throw new AssertionError("refused, unlike or other than by the oracle: " + refusal, e);
      }
    }
  }

  /** As protobuf-java would write it; empty if it would not even read it, for its depth. */
  private static ByteString canonical(byte[] request) {
    try {
      return ExportTraceServiceRequest.parseFrom(request).toByteString();
    } catch (InvalidProtocolBufferException e) {
      return ByteString.EMPTY;
    }
  }
}
