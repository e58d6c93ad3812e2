/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.KeyTable;
import io.spanmill.otlp.TraceReader;

/** Takes every span named "call" for a client's model call. */
final class PlainInterpreter implements SpanInterpreter {
  @Override
  public TraceReader newReader() {
    return new TraceReader(KeyTable.of("tokens"));
  }

  @Override
  public void interpret(TraceReader reader, NormalizedSpan into) {
    if (reader.name().equals("incomprehensible")) {
      throw new IllegalArgumentException("incomprehensible");
    }
    into.traceIdHi = reader.traceIdHi();
    into.traceIdLo = reader.traceIdLo();
    into.spanId = reader.spanId();
    into.parentSpanId = reader.parentSpanId();
    into.startEpochNanos = reader.startEpochNanos();
    into.endEpochNanos = reader.endEpochNanos();
    into.eventTimeMs = reader.endEpochNanos() / 1_000_000;
    into.service = "shop";
    if (reader.name().equals("call")) {
      into.role = Role.CLIENT_SDK;
      into.layer = Layer.CLIENT;
      into.inputTokens = reader.attributes().longValue(0, -1);
    } else if (reader.name().equals("redis")) {
      into.role = Role.INFRA;
    }
  }
}
