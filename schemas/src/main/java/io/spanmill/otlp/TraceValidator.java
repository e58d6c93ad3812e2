/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether bytes are an ExportTraceServiceRequest, exactly as protobuf-java's parser would,
 * without building anything. What is a message and what is text is taken from the generated
 * descriptors. Thread-safe.
 */
final class TraceValidator {
  private static final int FIELDS = 32;
  private static final Shape REQUEST =
      Shape.of(ExportTraceServiceRequest.getDescriptor(), new HashMap<>());

  private TraceValidator() {}

  /** Length-delimited fields of a message: which hold text, which a message. */
  private static final class Shape {
    private final boolean[] text = new boolean[FIELDS];
    private final @Nullable Shape[] message = new @Nullable Shape[FIELDS];

    static Shape of(Descriptor descriptor, Map<String, Shape> known) {
      Shape shape = known.get(descriptor.getFullName());
      if (shape == null) {
        shape = new Shape();
        known.put(descriptor.getFullName(), shape);
        for (FieldDescriptor field : descriptor.getFields()) {
          if (field.getNumber() >= FIELDS) {
            continue;
          }
          shape.text[field.getNumber()] = field.getType() == FieldDescriptor.Type.STRING;
          if (field.getType() == FieldDescriptor.Type.MESSAGE) {
            shape.message[field.getNumber()] = of(field.getMessageType(), known);
          }
        }
      }
      return shape;
    }
  }

  static void validate(byte[] b, int offset, int length) throws MalformedOtlpException {
    validate(REQUEST, b, offset, offset + length, 0);
  }

  private static void validate(Shape shape, byte[] b, int from, int end, int depth)
      throws MalformedOtlpException {
    for (int p = from; p < end; ) {
      int n = Wire.varintLength(b, p, end);
      int tag = Wire.tag(b, p, n);
      int value = p + n;
      p = Wire.skip(b, value, end, tag, depth);
      int field = tag >>> 3;
      if ((tag & 7) != Wire.LEN || field >= FIELDS) {
        continue;
      }
      int content = value + Wire.varintLength(b, value, p);
      Shape nested = shape.message[field];
      if (nested != null) {
        if (depth >= Wire.MAX_DEPTH) {
          throw MalformedOtlpException.at(content, "nested deeper than " + Wire.MAX_DEPTH);
        }
        validate(nested, b, content, p, depth + 1);
      } else if (shape.text[field]) {
        checkUtf8(b, content, p);
      }
    }
  }

  private static void checkUtf8(byte[] b, int from, int end) throws MalformedOtlpException {
    int i = from;
    while (i < end && b[i] >= 0) {
      i++;
    }
    while (i < end) {
      int c = b[i] & 0xff;
      int extra = c < 0x80 ? 0 : c < 0xc2 ? -1 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : -1;
      if (extra < 0 || end - i <= extra) {
        throw MalformedOtlpException.at(i, "text that is not UTF-8");
      }
      for (int k = 1; k <= extra; k++) {
        if ((b[i + k] & 0xc0) != 0x80) {
          throw MalformedOtlpException.at(i, "text that is not UTF-8");
        }
      }
      int second = extra > 0 ? b[i + 1] & 0xff : 0;
      boolean overlongOrOutside =
          (c == 0xe0 && second < 0xa0)
              || (c == 0xed && second >= 0xa0)
              || (c == 0xf0 && second < 0x90)
              || (c == 0xf4 && second >= 0x90);
      if (overlongOrOutside) {
        throw MalformedOtlpException.at(i, "text that is not UTF-8");
      }
      i += extra + 1;
    }
  }
}
