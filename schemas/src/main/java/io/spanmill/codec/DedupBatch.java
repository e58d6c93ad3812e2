/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

/**
 * The identities that one input record added to deduplication: a value of its persistent store,
 * whose key is the record's offset. Fixed 36 bytes an entry. Reused over values; not thread-safe.
 */
public final class DedupBatch {
  private static final int ENTRY_BYTES = 36;

  private final PackedWriter out = new PackedWriter();
  private final PackedReader in = new PackedReader();
  private long arrivalMs;
  private int size;
  private int read;

  // The entry added or read.
  public long spanHash;

  /** 0: the span is matched by its own identity alone. */
  public long attemptHash;

  public int spanBits;
  public int parentBits;
  public int startMicros;
  public int endMicros;

  /**
   * Of the ids that the attempt's hash leaves out; 0: the span tells neither call nor response id.
   */
  public int idBits;

  /** Starts a value for a record that arrived then. */
  public void begin(long arrivalEpochMs) {
    out.clear();
    out.u8(RecordFormat.IDENTITIES.tag());
    out.fixed64(arrivalEpochMs);
    size = 0;
  }

  /** Adds the entry in the fields above. */
  public void add() {
    out.fixed64(spanHash);
    out.fixed64(attemptHash);
    out.fixed32(spanBits);
    out.fixed32(parentBits);
    out.fixed32(startMicros);
    out.fixed32(endMicros);
    out.fixed32(idBits);
    size++;
  }

  public byte[] finish() {
    return out.toByteArray();
  }

  /**
   * Turns to a stored value of format {@link RecordFormat#IDENTITIES}.
   *
   * @throws CodecException if it is none
   */
  public void decode(byte[] value) {
    in.reset(value);
    RecordFormat.IDENTITIES.expect(in);
    arrivalMs = in.fixed64();
    if (in.remaining() % ENTRY_BYTES != 0) {
      throw new CodecException("identities of " + value.length + " bytes are cut");
    }
    size = in.remaining() / ENTRY_BYTES;
    read = 0;
  }

  /**
   * Reads the next entry into the fields above.
   *
   * @return false after the last
   */
  public boolean next() {
    if (read == size) {
      return false;
    }
    read++;
    spanHash = in.fixed64();
    attemptHash = in.fixed64();
    spanBits = in.fixed32();
    parentBits = in.fixed32();
    startMicros = in.fixed32();
    endMicros = in.fixed32();
    idBits = in.fixed32();
    return true;
  }

  /** When the record arrived, epoch milliseconds. */
  public long arrivalMs() {
    return arrivalMs;
  }

  /** Entries added, or in the value read. */
  public int size() {
    return size;
  }
}
