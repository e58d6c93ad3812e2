/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/**
 * The identities that some input records added to deduplication, record by record: a value of its
 * persistent store, whose key is the last record's offset. Fixed 36 bytes an entry and twelve a
 * record. Values of the release before hold one record each. Reused over values; one object writes
 * or reads; not thread-safe.
 */
public final class DedupBatch {
  private static final int ENTRY_BYTES = 36;
  private static final int ONE_RECORD = 1;

  private final PackedWriter out = new PackedWriter();
  private final PackedWriter entries = new PackedWriter();
  private final PackedReader in = new PackedReader();
  private long arrivalMs;
  private int size;
  private int read;
  private int version;

  /** Starts on a record that arrived then; its entries follow. */
  public void begin(long arrivalEpochMs) {
    entries.clear();
    arrivalMs = arrivalEpochMs;
    size = 0;
  }

  /** Adds an entry. */
  public void add(DedupEntry entry) {
    entries.fixed64(entry.spanHash);
    entries.fixed64(entry.attemptHash);
    entries.fixed32(entry.spanBits);
    entries.fixed32(entry.parentBits);
    entries.fixed32(entry.startMicros);
    entries.fixed32(entry.endMicros);
    entries.fixed32(entry.idBits);
    size++;
  }

  /** Adds the record to the value, unless it has no entries. */
  public void end() {
    if (size == 0) {
      return;
    }
    if (out.size() == 0) {
      out.u8(RecordFormat.IDENTITIES.tag());
    }
    out.fixed64(arrivalMs);
    out.fixed32(size);
    out.append(entries);
  }

  /** Bytes of the value so far; 0 without a record. */
  public int sizeBytes() {
    return out.size();
  }

  /** The value; the next one begins. */
  public byte[] finish() {
    byte[] value = out.toByteArray();
    out.clear();
    return value;
  }

  /**
   * Turns to a stored value of format {@link RecordFormat#IDENTITIES}.
   *
   * @throws CodecException if it is none
   */
  public void decode(byte[] value) {
    in.reset(value);
    version = RecordFormat.IDENTITIES.expect(in);
    size = 0;
    read = 0;
  }

  /**
   * Turns to the next record, once all entries of the one before were read.
   *
   * @return false after the last
   * @throws CodecException if the value is cut
   */
  public boolean nextRecord() {
    if (in.remaining() == 0) {
      return false;
    }
    arrivalMs = in.fixed64();
    int bytes = in.remaining();
    size = version == ONE_RECORD ? bytes / ENTRY_BYTES : in.fixed32();
    read = 0;
    boolean cut =
        version == ONE_RECORD
            ? bytes % ENTRY_BYTES != 0
            : size < 0 || size > in.remaining() / ENTRY_BYTES;
    if (cut) {
      throw new CodecException("identities of " + bytes + " bytes are cut");
    }
    return true;
  }

  /**
   * Reads the next entry of the record.
   *
   * @return false after the last
   */
  public boolean next(DedupEntry into) {
    if (read == size) {
      return false;
    }
    read++;
    into.spanHash = in.fixed64();
    into.attemptHash = in.fixed64();
    into.spanBits = in.fixed32();
    into.parentBits = in.fixed32();
    into.startMicros = in.fixed32();
    into.endMicros = in.fixed32();
    into.idBits = in.fixed32();
    return true;
  }

  /** When the record arrived, epoch milliseconds. */
  public long arrivalMs() {
    return arrivalMs;
  }

  /** Entries of the record. */
  public int size() {
    return size;
  }
}
