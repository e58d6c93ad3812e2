/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.MapColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.StringColumn;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.AnyValue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The columns of table {@code span_content}. Not thread-safe. */
final class ContentColumns {
  static final String TABLE = "span_content";

  /** Hex digits of the hash that stands for redacted text: enough to see that two are the same. */
  private static final int HASH_DIGITS = 16;

  private final ContentStorage storage;
  private final MessageDigest sha256;
  private final NativeBlock block = new NativeBlock();
  private final LowCardinalityColumn project = block.label("project");
  private final FixedColumn traceId = block.id("trace_id", 16);
  private final FixedColumn spanId = block.id("span_id", 8);
  private final FixedColumn ts = block.millis("ts");
  private final MapColumn<LowCardinalityColumn, StringColumn> content = block.attributes("content");

  ContentColumns(ContentStorage storage) {
    this.storage = storage;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  NativeBlock block() {
    return block;
  }

  /** Takes an attribute of the span in hand. */
  void add(byte[] buffer, int keyAt, int keyLength, AnyValue value) {
    if (storage == ContentStorage.OFF) {
      return;
    }
    content.keys().add(buffer, keyAt, keyLength);
    addValue(value);
  }

  /** Takes an attribute of one of the span's events. */
  void addOfEvent(int event, byte[] buffer, int keyAt, int keyLength, AnyValue value) {
    if (storage == ContentStorage.OFF) {
      return;
    }
    String key = new String(buffer, keyAt, keyLength, StandardCharsets.UTF_8);
    content.keys().add("event." + event + "." + key);
    addValue(value);
  }

  private void addValue(AnyValue value) {
    if (storage == ContentStorage.REDACT) {
      content.values().add(redacted(value));
    } else {
      SpanColumns.addText(content.values(), value);
    }
  }

  private String redacted(AnyValue value) {
    byte[] text;
    int at = 0;
    int length;
    if (value.type() == AnyValue.STRING) {
      text = value.buffer();
      at = value.offset();
      length = value.sizeBytes();
    } else {
      text = value.text().getBytes(StandardCharsets.UTF_8);
      length = text.length;
    }
    sha256.update(text, at, length);
    String hash = HexFormat.of().formatHex(sha256.digest()).substring(0, HASH_DIGITS);
    return "[redacted: " + length + " bytes, sha256 " + hash + "]";
  }

  /** Whether the span in hand has any content that is kept. */
  boolean hasAny() {
    return !content.isRowEmpty();
  }

  /**
   * Fills the row of the span in hand, if it has any content that is kept.
   *
   * @return whether there is a row to end
   */
  boolean endSpan(NormalizedSpan span) {
    if (!hasAny()) {
      return false;
    }
    content.endRow();
    project.add(span.project);
    traceId.addId(span.traceIdHi, span.traceIdLo);
    spanId.addId(span.spanId);
    ts.add(SpanColumns.timeMs(span));
    return true;
  }
}
