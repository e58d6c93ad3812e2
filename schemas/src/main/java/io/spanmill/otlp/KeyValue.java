/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;

/** One KeyValue message, read lazily. Reused; not thread-safe. */
final class KeyValue {
  final AnyValue value = new AnyValue();
  private byte[] buf = new byte[0];
  private int keyAt;
  private int keyEnd;

  void set(byte[] buffer, int from, int to) throws MalformedOtlpException {
    buf = buffer;
    keyAt = 0;
    keyEnd = 0;
    value.restore(buffer, AnyValue.EMPTY, 0, 0);
    int pos = from;
    while (pos < to) {
      int n = Wire.varintLength(buffer, pos, to);
      int tag = Wire.tag(buffer, pos, n);
      pos += n;
      int next = Wire.skip(buffer, pos, to, tag, 0);
      if (tag == (1 << 3 | Wire.LEN)) {
        keyAt = pos + Wire.varintLength(buffer, pos, to);
        keyEnd = next;
      } else if (tag == (2 << 3 | Wire.LEN)) {
        value.set(buffer, pos + Wire.varintLength(buffer, pos, to), next);
      }
      pos = next;
    }
  }

  String key() {
    return new String(buf, keyAt, keyEnd - keyAt, StandardCharsets.UTF_8);
  }

  int keyAt() {
    return keyAt;
  }

  int keyLength() {
    return keyEnd - keyAt;
  }
}
