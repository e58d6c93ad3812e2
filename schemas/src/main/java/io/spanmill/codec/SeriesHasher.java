/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The 128-bit name of a series: the first half of SHA-256 over its dimension values, each preceded
 * by its length. Cryptographic, so that no sender can make its series collide with another
 * project's. Not thread-safe.
 */
public final class SeriesHasher {
  private final PackedWriter bytes = new PackedWriter();
  private final MessageDigest sha256;
  private long hi;
  private long lo;

  public SeriesHasher() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform must offer SHA-256", e);
    }
  }

  /** Hashes the values in the cube's order; the result is in {@link #hi} and {@link #lo}. */
  public void hash(String[] dimensions) {
    bytes.clear();
    for (String value : dimensions) {
      bytes.text(value);
    }
    ByteBuffer digest = ByteBuffer.wrap(sha256.digest(bytes.toByteArray()));
    hi = digest.getLong();
    lo = digest.getLong();
  }

  public long hi() {
    return hi;
  }

  public long lo() {
    return lo;
  }
}
