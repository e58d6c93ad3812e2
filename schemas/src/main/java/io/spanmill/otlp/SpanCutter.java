/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes an oversize span fit: its longest texts are shortened, longest first, in the span's
 * attributes and those of its events, and an attribute {@value #MARKER} lists the keys that were
 * cut. Rare, so it works on the generated classes.
 */
final class SpanCutter {
  static final String MARKER = "spanmill.truncated";

  /** A text is cut to this many bytes at the most severe. */
  private static final int KEPT_BYTES = 256;

  private static final int MARKER_BYTES = 512;

  private SpanCutter() {}

  /** The span in at most this many bytes, or null if cutting its texts is not enough. */
  static byte @Nullable [] cut(byte[] b, int from, int to, int maxBytes)
      throws MalformedOtlpException {
    Span.Builder span;
    try {
      span = Span.parseFrom(Arrays.copyOfRange(b, from, to)).toBuilder();
    } catch (InvalidProtocolBufferException e) {
      throw MalformedOtlpException.at(from, "span: " + e.getMessage());
    }
    List<KeyValue.Builder> texts = new ArrayList<>();
    span.getAttributesBuilderList().forEach(kv -> collect(kv, texts));
    span.getEventsBuilderList()
        .forEach(e -> e.getAttributesBuilderList().forEach(kv -> collect(kv, texts)));
    texts.sort(
        Collections.reverseOrder(
            Comparator.comparingInt(kv -> kv.getValue().getStringValueBytes().size())));
    TreeSet<String> keys = new TreeSet<>();
    int excess = (to - from) + MARKER_BYTES - maxBytes;
    for (KeyValue.Builder kv : texts) {
      if (excess <= 0) {
        break;
      }
      int size = kv.getValue().getStringValueBytes().size();
      int keep = Math.max(KEPT_BYTES, size - excess);
      if (keep >= size) {
        break;
      }
      kv.setValue(
          AnyValue.newBuilder().setStringValue(prefix(kv.getValue().getStringValue(), keep)));
      keys.add(kv.getKey());
      excess -= size - keep;
    }
    String marker = String.join(",", keys);
    span.addAttributes(
        KeyValue.newBuilder()
            .setKey(MARKER)
            .setValue(AnyValue.newBuilder().setStringValue(prefix(marker, MARKER_BYTES / 2))));
    byte[] out = span.build().toByteArray();
    return out.length <= maxBytes ? out : null;
  }

  private static void collect(KeyValue.Builder kv, List<KeyValue.Builder> texts) {
    if (kv.getValue().hasStringValue()) {
      texts.add(kv);
    }
  }

  /** The longest beginning of at most this many bytes that splits no character. */
  private static String prefix(String text, int maxBytes) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    if (utf8.length <= maxBytes) {
      return text;
    }
    int end = maxBytes;
    while (end > 0 && (utf8[end] & 0xc0) == 0x80) {
      end--;
    }
    return new String(utf8, 0, end, StandardCharsets.UTF_8);
  }
}
