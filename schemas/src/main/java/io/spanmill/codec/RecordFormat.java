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
  PARTIALS(3, 1),
  /** Cumulative rollup rows: {@link RollupRowsReader}. */
  ROWS(4, 1),
  /** A row of the rollup state: {@link RollupState}. */
  STATE(5, 1),
  /** The identities one input record added: {@link DedupBatch}. */
  IDENTITIES(6, 1);

  private final int code;
  private final int version;

  RecordFormat(int code, int version) {
    this.code = code;
    this.version = version;
  }

  /** First byte of what is written now. */
  int tag() {
    return code << 4 | version;
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

  /** Reads the first byte and checks that this code can read what follows. */
  void expect(PackedReader in) {
    int first = in.u8();
    if (first >>> 4 != code) {
      throw new CodecException(
          "record has format byte 0x" + Integer.toHexString(first) + ", expected " + this);
    }
    if ((first & 0xf) != version) {
      throw new CodecException(
          this
              + " record of version "
              + (first & 0xf)
              + ", but this Spanmill reads version "
              + version
              + ": it was written by another release");
    }
  }
}
