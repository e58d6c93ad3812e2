/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Rollup;

/**
 * A row of the rollup job's state, and how it is stored: its measures after its version, generation
 * and dimensions. Not thread-safe.
 */
public final class RollupState {
  /** As in {@link RollupRow#generation}. */
  public long generation;

  /** As in {@link RollupRow#version}. */
  public long version;

  /** Values in the cube's order: dimensions, then attributes. */
  public String[] dimensions = Partial.NO_DIMENSIONS;

  public final Rollup rollup = new Rollup();

  /** Begins a row that nothing was folded into yet. */
  public void open(long newGeneration, long firstVersion, String[] values) {
    generation = newGeneration;
    version = firstVersion;
    dimensions = values;
    rollup.clear();
  }

  /**
   * Takes over a stored value of format {@link RecordFormat#STATE}.
   *
   * @param in reads it; any reader of the caller's, to be reused over rows
   * @throws CodecException if it is none
   */
  public void decode(byte[] value, PackedReader in) {
    in.reset(value);
    RecordFormat.STATE.expect(in);
    generation = in.zigzag();
    version = in.zigzag();
    dimensions = dimensions(in);
    rollup.clear();
    RollupCodec.mergeInto(in, rollup);
  }

  /**
   * The value to store.
   *
   * @param out any writer of the caller's, to be reused over rows
   */
  public byte[] encode(PackedWriter out) {
    out.clear();
    out.u8(RecordFormat.STATE.tag());
    out.zigzag(generation);
    out.zigzag(version);
    out.varint(dimensions.length);
    for (String value : dimensions) {
      out.text(value);
    }
    RollupCodec.write(out, rollup);
    return out.toByteArray();
  }

  static String[] dimensions(PackedReader in) {
    int n = in.count();
    if (n > in.remaining()) {
      throw new CodecException(n + " dimensions in " + in.remaining() + " bytes");
    }
    String[] values = new String[n];
    for (int i = 0; i < n; i++) {
      values[i] = in.text();
    }
    return values;
  }
}
