/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Rollup;

/** The value of a row in the rollup job's state. Reused over values; not thread-safe. */
public final class RollupState {
  /** As in {@link RollupRow#generation}. */
  public long generation;

  /** As in {@link RollupRow#version}. */
  public long version;

  /** Values in the cube's order: dimensions, then attributes. */
  public String[] dimensions = Partial.NO_DIMENSIONS;

  public final Rollup rollup = new Rollup();

  private final PackedReader in = new PackedReader();
  private final PackedWriter out = new PackedWriter();

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
   * @throws CodecException if it is none
   */
  public void decode(byte[] value) {
    in.reset(value);
    RecordFormat.STATE.expect(in);
    generation = in.zigzag();
    version = in.zigzag();
    dimensions = dimensions(in);
    rollup.clear();
    RollupCodec.mergeInto(in, rollup);
  }

  public byte[] encode() {
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
