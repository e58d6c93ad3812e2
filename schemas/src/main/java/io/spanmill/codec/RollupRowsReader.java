/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.WindowKind;

/** Walks a record of {@link Topics#ROLLUPS}. Reused over records; not thread-safe. */
public final class RollupRowsReader {
  private static final WindowKind[] WINDOWS = WindowKind.values();

  private final PackedReader in = new PackedReader();
  private final RollupRow current = new RollupRow();
  private int size;
  private int read;

  /**
   * Turns to a record of format {@link RecordFormat#ROWS}.
   *
   * @throws CodecException if it is none
   */
  public void reset(byte[] record) {
    in.reset(record);
    RecordFormat.ROWS.expect(in);
    size = in.count();
    read = 0;
    current.cube = "";
  }

  public int size() {
    return size;
  }

  /** Whether {@link #next} has more. */
  public boolean hasNext() {
    return read < size;
  }

  /**
   * The next row, in an object that is reused; its dimensions are an array of their own.
   *
   * @throws CodecException if the record is cut or malformed
   */
  public RollupRow next() {
    read++;
    current.cube = in.textAfter(current.cube);
    int window = in.u8();
    if (window >= WINDOWS.length) {
      throw new CodecException("window kind " + window + " is unknown");
    }
    current.window = WINDOWS[window];
    current.windowStartMs = in.zigzag();
    current.seriesHashHi = in.fixed64();
    current.seriesHashLo = in.fixed64();
    current.generation = in.zigzag();
    current.version = in.zigzag();
    current.dimensions = RollupState.dimensions(in);
    current.rollup.clear();
    RollupCodec.mergeInto(in, current.rollup);
    return current;
  }
}
