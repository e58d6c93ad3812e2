/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/**
 * The formats of this package. The first byte of every record and stored value is its format in the
 * upper four bits and its version in the lower four, so a reader can tell what it holds and refuse
 * what a newer Spanmill wrote.
 */
public enum RecordFormat {
  /** Counted calls of one input record: {@link CallBatchReader}. */
  CALLS(1, 1),
  /** How far a source partition was processed: {@link ProgressMarker}. */
  MARKER(2, 1),
  /** Partial rollups of one input record: {@link PartialBatchReader}. */
  PARTIALS(3, 1, 2),
  /** Cumulative rollup rows: {@link RollupRowsReader}. */
  ROWS(4, 1),
  /** A row of the rollup state: {@link RollupState}. */
  STATE(5, 1),
  /** The identities input records added: {@link DedupBatch}. */
  IDENTITIES(6, 1, 2),
  /** Where a source partition went over to an edition of the rollups: {@link EditionCut}. */
  CUT(7, 1),
  /** A record of {@link #PARTIALS} behind one byte, without partials that others tell. */
  UNDERIVED(8, 1);

  private final int code;

  /** The oldest version that is read. */
  private final int oldest;

  /** The newest version. */
  private final int version;

  RecordFormat(int code, int version) {
    this(code, version, version);
  }

  RecordFormat(int code, int oldest, int version) {
    this.code = code;
    this.oldest = oldest;
    this.version = version;
  }

  /** First byte of the newest version. */
  int tag() {
    return code << 4 | version;
  }

  /** First byte of an older version. */
  int tag(int olderVersion) {
    return code << 4 | olderVersion;
  }

  /**
   * The format of a record.
   *
   * @throws CodecException if it is empty or of none
   */
  public static RecordFormat of(byte[] record) {
    if (record.length == 0) {
      throw new CodecException("empty record, expected a format byte");
    }
    int first = record[0] & 0xff;
    for (RecordFormat format : values()) {
      if (format.code == first >>> 4) {
        return format;
      }
    }
    throw new CodecException("unknown record format 0x" + Integer.toHexString(first));
  }

  /**
   * Reads the first byte and checks that this code can read what follows.
   *
   * @return the record's version
   */
  int expect(PackedReader in) {
    int first = in.u8();
    if (first >>> 4 != code) {
      throw new CodecException(
          "record has format byte 0x" + Integer.toHexString(first) + ", expected " + this);
    }
    int found = first & 0xf;
    if (found < oldest || found > version) {
      throw new CodecException(
          this
              + " record of version "
              + found
              + ", but this Spanmill reads version "
              + version
              + ": it was written by another release");
    }
    return found;
  }
}
