/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import java.util.ArrayList;
import java.util.List;

/** The value of a record in the making: chunks laid end to end, which is one valid request. */
public final class RecordValue {
  private final List<byte[]> chunks = new ArrayList<>();
  private int sizeBytes;

  /** Bytes so far. */
  public int sizeBytes() {
    return sizeBytes;
  }

  /** Adds a chunk, not copied. */
  public void add(byte[] chunk) {
    chunks.add(chunk);
    sizeBytes += chunk.length;
  }

  /** The value; afterwards this is empty. A single chunk is handed back as it is. */
  public byte[] take() {
    byte[] joined = chunks.size() == 1 ? chunks.get(0) : new byte[sizeBytes];
    if (chunks.size() != 1) {
      int at = 0;
      for (byte[] chunk : chunks) {
        System.arraycopy(chunk, 0, joined, at, chunk.length);
        at += chunk.length;
      }
    }
    chunks.clear();
    sizeBytes = 0;
    return joined;
  }
}
