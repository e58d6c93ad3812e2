/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the longest values of a span until it fits, and says so in the span.
 *
 * <p>All string and bytes values in attributes of the span, its events and links, and the status
 * message, however deeply nested, are shortened to one common length, the largest that makes the
 * span fit: prompts lose their ends, short values stay whole. Strings are cut between characters.
 * The keys of what was cut are listed in the attribute {@value #MARKER}.
 *
 * <p>Works on built messages: a span that must be cut is rare, and its size outweighs the cost.
 */
final class SpanCutter {
  /** String attribute: comma-separated keys of the values that were cut. */
  static final String MARKER = "spanmill.truncated";

  /** Values are never cut shorter than this: a span that needs it is large for another reason. */
  private static final int SHORTEST = 16;

  private static final int MAX_MARKER_LENGTH = 512;

  private final Span original;
  private final int maxBytes;
  private int limit;
  private final Set<String> cutKeys = new LinkedHashSet<>();

  private SpanCutter(Span original, int maxBytes) {
    this.original = original;
    this.maxBytes = maxBytes;
  }

  /** The span cut to at most {@code maxBytes}, null if cutting values is not enough. */
  static byte @Nullable [] cut(byte[] buf, int from, int to, int maxBytes) {
    try {
      return new SpanCutter(Span.parseFrom(ByteBuffer.wrap(buf, from, to - from)), maxBytes)
          .fitting();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the checked bytes do not parse", e);
    }
  }

  private byte @Nullable [] fitting() {
    List<Integer> lengths = new ArrayList<>();
    collect(original.getAttributesList(), lengths);
    original.getEventsList().forEach(event -> collect(event.getAttributesList(), lengths));
    original.getLinksList().forEach(link -> collect(link.getAttributesList(), lengths));
    lengths.add(original.getStatus().getMessageBytes().size());
    limit = commonLength(lengths, (long) original.getSerializedSize() - maxBytes);
    while (limit >= SHORTEST) {
      Span cut = cut();
      if (cut.getSerializedSize() <= maxBytes) {
        return cut.toByteArray();
      }
      // The marker took the room: a little less for everything else.
      limit -= Math.max(1, limit / 64);
    }
    return null;
  }

  /**
   * The largest length to which all values must be cut to save {@code excess} bytes; below 0 if
   * none is enough.
   */
  private static int commonLength(List<Integer> lengths, long excess) {
    int low = -1;
    int high = lengths.stream().mapToInt(Integer::intValue).max().orElse(0);
    while (low < high) {
      int middle = low + (high - low + 1) / 2;
      long saved = 0;
      for (int length : lengths) {
        saved += Math.max(0, length - middle);
      }
      if (saved >= excess) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private static void collect(List<KeyValue> pairs, List<Integer> lengths) {
    pairs.forEach(pair -> collect(pair.getValue(), lengths));
  }

  private static void collect(AnyValue value, List<Integer> lengths) {
    switch (value.getValueCase()) {
      case STRING_VALUE -> lengths.add(value.getStringValueBytes().size());
      case BYTES_VALUE -> lengths.add(value.getBytesValue().size());
      case ARRAY_VALUE ->
          value.getArrayValue().getValuesList().forEach(each -> collect(each, lengths));
      case KVLIST_VALUE -> collect(value.getKvlistValue().getValuesList(), lengths);
      default -> {
        // Numbers cannot be cut.
      }
    }
  }

  private Span cut() {
    cutKeys.clear();
    Span.Builder span = original.toBuilder();
    span.clearAttributes().addAllAttributes(cut(original.getAttributesList()));
    for (Span.Event.Builder event : span.getEventsBuilderList()) {
      List<KeyValue> cut = cut(event.getAttributesList());
      event.clearAttributes().addAllAttributes(cut);
    }
    for (Span.Link.Builder link : span.getLinksBuilderList()) {
      List<KeyValue> cut = cut(link.getAttributesList());
      link.clearAttributes().addAllAttributes(cut);
    }
    ByteString message = original.getStatus().getMessageBytes();
    if (message.size() > limit) {
      span.getStatusBuilder().setMessageBytes(cutText(message));
      cutKeys.add("status.message");
    }
    String marker = String.join(",", cutKeys);
    if (marker.length() > MAX_MARKER_LENGTH) {
      marker =
          marker.substring(
              0, marker.offsetByCodePoints(0, marker.codePointCount(0, MAX_MARKER_LENGTH) - 1));
    }
    span.addAttributes(
        KeyValue.newBuilder()
            .setKey(MARKER)
            .setValue(AnyValue.newBuilder().setStringValue(marker)));
    return span.build();
  }

  @SuppressWarnings("ReferenceEquality") // identity tells "unchanged" without comparing long values
  private List<KeyValue> cut(List<KeyValue> pairs) {
    List<KeyValue> result = new ArrayList<>(pairs.size());
    for (KeyValue pair : pairs) {
      AnyValue cut = cut(pair.getValue());
      if (cut == pair.getValue()) {
        result.add(pair);
      } else {
        cutKeys.add(pair.getKey());
        result.add(pair.toBuilder().setValue(cut).build());
      }
    }
    return result;
  }

  /** The value with everything in it cut, or the same object if it is short enough. */
  @SuppressWarnings("ReferenceEquality") // identity tells "unchanged" without comparing long values
  private AnyValue cut(AnyValue value) {
    switch (value.getValueCase()) {
      case STRING_VALUE -> {
        ByteString text = value.getStringValueBytes();
        return text.size() <= limit
            ? value
            : value.toBuilder().setStringValueBytes(cutText(text)).build();
      }
      case BYTES_VALUE -> {
        ByteString bytes = value.getBytesValue();
        return bytes.size() <= limit
            ? value
            : value.toBuilder().setBytesValue(bytes.substring(0, limit)).build();
      }
      case ARRAY_VALUE -> {
        AnyValue.Builder copy = null;
        List<AnyValue> values = value.getArrayValue().getValuesList();
        for (int i = 0; i < values.size(); i++) {
          AnyValue cut = cut(values.get(i));
          if (cut != values.get(i)) {
            copy = copy == null ? value.toBuilder() : copy;
            copy.getArrayValueBuilder().setValues(i, cut);
          }
        }
        return copy == null ? value : copy.build();
      }
      case KVLIST_VALUE -> {
        AnyValue.Builder copy = null;
        List<KeyValue> pairs = value.getKvlistValue().getValuesList();
        for (int i = 0; i < pairs.size(); i++) {
          AnyValue cut = cut(pairs.get(i).getValue());
          if (cut != pairs.get(i).getValue()) {
            copy = copy == null ? value.toBuilder() : copy;
            copy.getKvlistValueBuilder().getValuesBuilder(i).setValue(cut);
          }
        }
        return copy == null ? value : copy.build();
      }
      default -> {
        return value;
      }
    }
  }

  /** At most {@link #limit} bytes of UTF-8, ending between characters. */
  private ByteString cutText(ByteString text) {
    int end = limit;
    while (end > 0 && (text.byteAt(end) & 0xC0) == 0x80) {
      end--;
    }
    return text.substring(0, end);
  }
}
