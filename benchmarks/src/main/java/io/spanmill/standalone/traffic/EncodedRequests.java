/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Export requests of example traffic, encoded once and sent many times: before each sending every
 * trace id is changed and every time moved in the bytes, so that no span is one sent before. In
 * this package for what the generator knows of its traces. Immutable but for {@link
 * Template#stamp}.
 */
public final class EncodedRequests {
  /** Where an id or a time stands in a template's bytes. */
  private static final int TRACE_ID = 1;

  private static final int START = 7;
  private static final int END = 8;

  /** Of message content: with content storage off it is read past, as senders' messages are. */
  private static final String PADDING_KEY = "input.value";

  private static final String[] WORDS = {
    "order",
    "parcel",
    "carrier",
    "refund",
    "invoice",
    "customer",
    "delivery",
    "address",
    "please",
    "before",
    "noon",
    "Tuesday",
    "warehouse",
    "tracking",
    "number",
    "support",
    "agent",
    "the",
    "a"
  };

  /** When the templates' traces end, before they are moved. */
  private static final long TEMPLATE_END = 1_795_000_000_000_000_000L;

  private EncodedRequests() {}

  /**
   * Encodes requests of whole traces.
   *
   * @param spans of one request, or a few more
   * @param spanBytes average size of a span; text is added to reach it
   */
  public static List<Template> encode(
      int requests, int spans, int spanBytes, long seed, String environment) {
    ExampleTraces traces = new ExampleTraces(seed, "benchmark", environment);
    SplittableRandom random = new SplittableRandom(seed);
    List<Template> templates = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      templates.add(encode(traces, spans, spanBytes, random));
    }
    return templates;
  }

  private static Template encode(
      ExampleTraces traces, int wanted, int spanBytes, SplittableRandom random) {
    List<TracePart> parts = new ArrayList<>();
    int spans = 0;
    long bytes = 0;
    while (spans < wanted) {
      for (TracePart part : traces.nextParts(TEMPLATE_END)) {
        parts.add(part);
        spans += part.spans();
        bytes += part.resourceSpans().getSerializedSize();
      }
    }
    int padding = (int) Math.max(0, spanBytes - bytes / spans);
    List<ResourceSpans> padded =
        parts.stream().map(part -> padded(part.resourceSpans(), padding, random)).toList();
    return new Template(Spans.request(padded).toByteArray(), spans, parts);
  }

  private static ResourceSpans padded(ResourceSpans part, int bytes, SplittableRandom random) {
    ResourceSpans.Builder out = part.toBuilder();
    // Tags and lengths of the attribute take about ten bytes beside key and value.
    int room = bytes - PADDING_KEY.length() - 10;
    if (room > 0) {
      for (ScopeSpans.Builder scope : out.getScopeSpansBuilderList()) {
        for (Span.Builder span : scope.getSpansBuilderList()) {
          span.addAttributes(
              KeyValue.newBuilder()
                  .setKey(PADDING_KEY)
                  .setValue(AnyValue.newBuilder().setStringValueBytes(text(room, random))));
        }
      }
    }
    return out.build();
  }

  private static ByteString text(int length, SplittableRandom random) {
    StringBuilder text = new StringBuilder(length + 16);
    while (text.length() < length) {
      text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
    }
    text.setLength(length);
    return ByteString.copyFrom(text.toString(), StandardCharsets.US_ASCII);
  }

  /** One encoded request. Each has its own bytes to stamp: used by one thread at a time. */
  public static final class Template {
    private final byte[] original;
    private final int[] traceIds;
    private final int[] times;
    private final int spans;
    private final List<TracePart> parts;

    private Template(byte[] original, int spans, List<TracePart> parts) {
      this.original = original;
      this.spans = spans;
      this.parts = parts;
      List<Integer> ids = new ArrayList<>();
      List<Integer> nanos = new ArrayList<>();
      find(original, ids, nanos);
      traceIds = ids.stream().mapToInt(i -> i).toArray();
      times = nanos.stream().mapToInt(i -> i).toArray();
      if (traceIds.length != spans || times.length != 2 * spans) {
        throw new IllegalStateException("found other spans than were encoded");
      }
    }

    public int spans() {
      return spans;
    }

    public int sizeBytes() {
      return original.length;
    }

    /** The bytes as encoded, for measurements that send nothing. */
    public byte[] original() {
      return original.clone();
    }

    /**
     * The request under ids and times of its own.
     *
     * @param number a different one each time, all templates together
     * @param into at least {@link #sizeBytes} long; filled from its start
     */
    public void stamp(long number, long endEpochNanos, byte[] into) {
      System.arraycopy(original, 0, into, 0, original.length);
      ByteBuffer bytes = ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN);
      // Spread over all bits, as partitions are chosen by a hash of the id.
      long salt = (number + 1) * 0x9E3779B97F4A7C15L;
      for (int at : traceIds) {
        bytes.putLong(at + 8, bytes.getLong(at + 8) ^ salt);
      }
      long by = endEpochNanos - TEMPLATE_END;
      for (int at : times) {
        bytes.putLong(at, bytes.getLong(at) + by);
      }
    }

    /** What sending it so often must come to. */
    void count(long times, ExpectedTotals into) {
      parts.forEach(part -> into.acknowledgeTimes(part, times));
    }

    private static void find(byte[] b, List<Integer> ids, List<Integer> nanos) {
      messages(
          b,
          0,
          b.length,
          1,
          (from, to) ->
              messages(
                  b,
                  from,
                  to,
                  2,
                  (scope, scopeEnd) ->
                      messages(
                          b, scope, scopeEnd, 2, (span, end) -> inSpan(b, span, end, ids, nanos))));
    }

    private static void inSpan(byte[] b, int from, int to, List<Integer> ids, List<Integer> nanos) {
      fields(
          b,
          from,
          to,
          (field, at, end) -> {
            if (field == TRACE_ID) {
              ids.add(at);
            } else if (field == START || field == END) {
              nanos.add(at);
            }
          });
    }

    @FunctionalInterface
    private interface Message {
      void in(int from, int to);
    }

    @FunctionalInterface
    private interface Field {
      void at(int field, int from, int to);
    }

    private static void messages(byte[] b, int from, int to, int wanted, Message message) {
      fields(
          b,
          from,
          to,
          (field, at, end) -> {
            if (field == wanted) {
              message.in(at, end);
            }
          });
    }

    /** Every field of a message that is a length-delimited or fixed one; own output only. */
    private static void fields(byte[] b, int from, int to, Field each) {
      int[] p = {from};
      while (p[0] < to) {
        int tag = (int) varint(b, p);
        switch (tag & 7) {
          case 0 -> varint(b, p);
          case 1 -> {
            each.at(tag >>> 3, p[0], p[0] + 8);
            p[0] += 8;
          }
          case 2 -> {
            int length = (int) varint(b, p);
            each.at(tag >>> 3, p[0], p[0] + length);
            p[0] += length;
          }
          case 5 -> p[0] += 4;
          default -> throw new IllegalStateException("wire type of tag " + tag);
        }
      }
    }

    private static long varint(byte[] b, int[] p) {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = b[p[0]++];
        value |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }
  }

  /** What sending each template so often must come to. */
  public static ExpectedTotals expected(List<Template> templates, long[] times) {
    ExpectedTotals totals = new ExpectedTotals();
    for (int i = 0; i < times.length; i++) {
      templates.get(i).count(times[i], totals);
    }
    return totals;
  }
}
