/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/**
 * How far the source was processed when the marker was written: of each source partition, all
 * before {@link #nextOffset} lies before the marker in the topic that carries it. It also tells the
 * wall clock of its writer: in {@link Topics#ROLLUPS}, every row of a window that had ended by
 * {@link #tickMs} stands before it.
 */
public final class ProgressMarker {
  private final long tickMs;
  private final int[] partitions;
  private final long[] nextOffsets;
  private final long[] arrivalsMs;

  private ProgressMarker(long tickMs, int[] partitions, long[] nextOffsets, long[] arrivalsMs) {
    this.tickMs = tickMs;
    this.partitions = partitions;
    this.nextOffsets = nextOffsets;
    this.arrivalsMs = arrivalsMs;
  }

  /** A marker of one source partition. */
  public static ProgressMarker of(long tickMs, int partition, long nextOffset, long arrivalMs) {
    return new ProgressMarker(
        tickMs, new int[] {partition}, new long[] {nextOffset}, new long[] {arrivalMs});
  }

  /** A marker of the source partitions 0, 1, … */
  public static ProgressMarker of(long tickMs, long[] nextOffsets, long[] arrivalsMs) {
    int[] partitions = new int[nextOffsets.length];
    for (int i = 0; i < partitions.length; i++) {
      partitions[i] = i;
    }
    return new ProgressMarker(tickMs, partitions, nextOffsets.clone(), arrivalsMs.clone());
  }

  /**
   * Reads a record of format {@link RecordFormat#MARKER}.
   *
   * @throws CodecException if it is none
   */
  public static ProgressMarker decode(byte[] record) {
    PackedReader in = new PackedReader(record);
    RecordFormat.MARKER.expect(in);
    long tickMs = in.varint();
    int n = in.count();
    if (n > in.remaining()) {
      throw new CodecException(n + " partitions in " + in.remaining() + " bytes");
    }
    int[] partitions = new int[n];
    long[] nextOffsets = new long[n];
    long[] arrivalsMs = new long[n];
    for (int i = 0; i < n; i++) {
      partitions[i] = in.count();
      nextOffsets[i] = in.varint();
      arrivalsMs[i] = in.zigzag();
    }
    return new ProgressMarker(tickMs, partitions, nextOffsets, arrivalsMs);
  }

  public byte[] encode() {
    PackedWriter out = new PackedWriter(16 + 16 * partitions.length);
    out.u8(RecordFormat.MARKER.tag());
    out.varint(tickMs);
    out.varint(partitions.length);
    for (int i = 0; i < partitions.length; i++) {
      out.varint(partitions[i]);
      out.varint(nextOffsets[i]);
      out.zigzag(arrivalsMs[i]);
    }
    return out.toByteArray();
  }

  /** Wall clock of the writer, epoch milliseconds. */
  public long tickMs() {
    return tickMs;
  }

  /** Number of source partitions told of. */
  public int size() {
    return partitions.length;
  }

  /** The n-th source partition told of. */
  public int partition(int n) {
    return partitions[n];
  }

  /** Offset of {@link Topics#SPANS} before which all is processed. */
  public long nextOffset(int n) {
    return nextOffsets[n];
  }

  /** Arrival of the last record before that offset; 0 if none was processed yet. */
  public long arrivalMs(int n) {
    return arrivalsMs[n];
  }
}
