/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a source partition went over to another edition of the rollups: of the partition, all
 * before the offset counts in editions before, and lies before this record in {@link Topics#CALLS}.
 *
 * @param sourcePartition partition of {@link Topics#SPANS}
 * @param sourceOffset first offset that counts in the edition
 * @param arrivalMs arrival of the last record before it; 0 if there is none
 * @param cubes shapes of the cubes that are folded
 */
public record EditionCut(
    int edition, int sourcePartition, long sourceOffset, long arrivalMs, List<String> cubes) {
  public EditionCut {
    cubes = List.copyOf(cubes);
  }

  /**
   * Reads a record of format {@link RecordFormat#CUT}.
   *
   * @throws CodecException if it is none
   */
  public static EditionCut decode(byte[] record) {
    PackedReader in = new PackedReader(record);
    RecordFormat.CUT.expect(in);
    int edition = in.count();
    int partition = in.count();
    long offset = in.varint();
    long arrivalMs = in.zigzag();
    int n = in.count();
    if (n > in.remaining()) {
      throw new CodecException(n + " cubes in " + in.remaining() + " bytes");
    }
    List<String> cubes = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      cubes.add(in.text());
    }
    return new EditionCut(edition, partition, offset, arrivalMs, cubes);
  }

  public byte[] encode() {
    PackedWriter out = new PackedWriter(256);
    out.u8(RecordFormat.CUT.tag());
    out.varint(edition);
    out.varint(sourcePartition);
    out.varint(sourceOffset);
    out.zigzag(arrivalMs);
    out.varint(cubes.size());
    cubes.forEach(out::text);
    return out.toByteArray();
  }
}
