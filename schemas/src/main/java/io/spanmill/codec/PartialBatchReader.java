/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/** Walks a record of {@link Topics#PARTIALS}. Reused over records; not thread-safe. */
public final class PartialBatchReader {
  private final PackedReader in = new PackedReader();
  private final Partial current = new Partial();
  private int sourcePartition;
  private long nextOffset;
  private long arrivalMs;
  private int edition;
  private int size;
  private int read;

  /**
   * Turns to a record of format {@link RecordFormat#PARTIALS} or {@link RecordFormat#UNDERIVED}.
   *
   * @throws CodecException if it is none
   */
  public void reset(byte[] record) {
    in.reset(record);
    if (RecordFormat.of(record) == RecordFormat.UNDERIVED) {
      RecordFormat.UNDERIVED.expect(in);
    }
    int version = RecordFormat.PARTIALS.expect(in);
    sourcePartition = in.count();
    nextOffset = in.varint();
    arrivalMs = in.zigzag();
    // Version 1 knows no editions.
    edition = version == 1 ? 0 : in.count();
    size = in.count();
    read = 0;
    current.cube = "";
    current.windowStartMs = 0;
    current.dimensions = Partial.NO_DIMENSIONS;
  }

  /** Partition of the source that the record tells of. */
  public int sourcePartition() {
    return sourcePartition;
  }

  /** Offset of the source before which all is processed once this record is; 0: told elsewhere. */
  public long nextOffset() {
    return nextOffset;
  }

  /** When the last record before that offset arrived, epoch milliseconds. */
  public long arrivalMs() {
    return arrivalMs;
  }

  /** Edition of the rollups that the partials count in. */
  public int edition() {
    return edition;
  }

  public int size() {
    return size;
  }

  /** Whether {@link #next} has more. */
  public boolean hasNext() {
    return read < size;
  }

  /**
   * The next partial, in an object that is reused; its dimensions are an array of their own.
   *
   * @throws CodecException if the record is cut or malformed
   */
  public Partial next() {
    read++;
    String[] before = current.dimensions;
    current.cube = in.textAfter(current.cube);
    current.windowStartMs += in.zigzag();
    int n = in.count();
    if (n > in.remaining()) {
      throw new CodecException(n + " dimensions in " + in.remaining() + " bytes");
    }
    String[] dimensions = new String[n];
    for (int i = 0; i < n; i++) {
      dimensions[i] = in.textAfter(i < before.length ? before[i] : "");
    }
    current.dimensions = dimensions;
    current.rollup.clear();
    RollupCodec.mergeInto(in, current.rollup);
    return current;
  }
}
