/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Rollup;

/**
 * Packs partial rollups for one partition into a record of {@link Topics#PARTIALS}. Reused over
 * records; not thread-safe.
 */
public final class PartialBatchWriter {
  private final PackedWriter rows = new PackedWriter(16 * 1024);
  private final PackedWriter out = new PackedWriter(16 * 1024);
  private String cubeBefore = "";
  private String[] dimensionsBefore = Partial.NO_DIMENSIONS;
  private long startBefore;
  private int size;

  public void begin() {
    rows.clear();
    size = 0;
    cubeBefore = "";
    dimensionsBefore = Partial.NO_DIMENSIONS;
    startBefore = 0;
  }

  /** Adds a partial; the dimensions must keep their values until the next one is added. */
  public void add(String cube, long windowStartMs, String[] dimensions, Rollup rollup) {
    rows.textAfter(cubeBefore, cube);
    rows.zigzag(windowStartMs - startBefore);
    rows.varint(dimensions.length);
    for (int i = 0; i < dimensions.length; i++) {
      rows.textAfter(i < dimensionsBefore.length ? dimensionsBefore[i] : "", dimensions[i]);
    }
    RollupCodec.write(rows, rollup);
    cubeBefore = cube;
    dimensionsBefore = dimensions;
    startBefore = windowStartMs;
    size++;
  }

  /** Partials since {@link #begin}. */
  public int size() {
    return size;
  }

  /** About how large the record will be. */
  public int sizeBytes() {
    return rows.size();
  }

  /**
   * The record.
   *
   * @param sourcePartition partition of the source that the record tells of
   * @param nextOffset offset of the source before which all is processed once this record is; 0 if
   *     that is told by a {@link ProgressMarker} after it
   * @param arrivalMs when the last record before that offset arrived
   * @param edition edition of the rollups that the partials count in
   */
  public byte[] finish(int sourcePartition, long nextOffset, long arrivalMs, int edition) {
    out.clear();
    write(sourcePartition, nextOffset, arrivalMs, edition);
    return out.toByteArray();
  }

  /** A value that holds no partials which are derived from others, for stage 1's own state. */
  public byte[] finishUnderived(int edition) {
    out.clear();
    out.u8(RecordFormat.UNDERIVED.tag());
    write(0, 0, 0, edition);
    return out.toByteArray();
  }

  private void write(int sourcePartition, long nextOffset, long arrivalMs, int edition) {
    // As long as nobody rebuilt anything, the release before can read what is written.
    out.u8(edition == 0 ? RecordFormat.PARTIALS.tag(1) : RecordFormat.PARTIALS.tag());
    out.varint(sourcePartition);
    out.varint(nextOffset);
    out.zigzag(arrivalMs);
    if (edition != 0) {
      out.varint(edition);
    }
    out.varint(size);
    out.append(rows);
  }
}
