/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.WindowKind;

/** Packs rows into a record of {@link Topics#ROLLUPS}. Reused over records; not thread-safe. */
public final class RollupRowsWriter {
  private final PackedWriter rows = new PackedWriter(64 * 1024);
  private final PackedWriter out = new PackedWriter(64 * 1024);
  private String cubeBefore = "";
  private int size;

  public void begin() {
    rows.clear();
    cubeBefore = "";
    size = 0;
  }

  public void add(RollupRow row) {
    rows.textAfter(cubeBefore, row.cube);
    rows.u8(row.window.ordinal());
    rows.zigzag(row.windowStartMs);
    rows.fixed64(row.seriesHashHi);
    rows.fixed64(row.seriesHashLo);
    rows.zigzag(row.generation);
    rows.zigzag(row.version);
    rows.varint(row.dimensions.length);
    for (String value : row.dimensions) {
      rows.text(value);
    }
    RollupCodec.write(rows, row.rollup);
    cubeBefore = row.cube;
    size++;
  }

  /**
   * Adds a row as the state holds it, without decoding: a value of {@link RollupState} is, after
   * its format byte, the end of a row.
   */
  public void addState(
      String cube, WindowKind window, long windowStartMs, long hashHi, long hashLo, byte[] state) {
    if (state.length == 0 || (state[0] & 0xff) != RecordFormat.STATE.tag()) {
      throw new CodecException("stored row does not begin with the format byte of the state");
    }
    rows.textAfter(cubeBefore, cube);
    rows.u8(window.ordinal());
    rows.zigzag(windowStartMs);
    rows.fixed64(hashHi);
    rows.fixed64(hashLo);
    rows.bytes(state, 1);
    cubeBefore = cube;
    size++;
  }

  /** Rows since {@link #begin}. */
  public int size() {
    return size;
  }

  /** About how large the record will be. */
  public int sizeBytes() {
    return rows.size();
  }

  public byte[] finish() {
    out.clear();
    out.u8(RecordFormat.ROWS.tag());
    out.varint(size);
    out.append(rows);
    return out.toByteArray();
  }
}
