/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.Map;

/**
 * 64 bits of SHA-256 over a dimension's value, with a memory of recent ones. Cryptographic, so that
 * nobody can make up values that pass for an admitted one and so get past the limit. Not
 * thread-safe.
 */
final class ValueHasher {
  private static final int MAX_REMEMBERED = 20_000;

  private final Map<String, Long> remembered = new HashMap<>();
  private final MessageDigest sha256;

  ValueHasher() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform must offer SHA-256", e);
    }
  }

  long hash(String value) {
    Long known = remembered.get(value);
    if (known != null) {
      return known;
    }
    if (remembered.size() >= MAX_REMEMBERED) {
      remembered.clear();
    }
    long hash = ByteBuffer.wrap(sha256.digest(value.getBytes(StandardCharsets.UTF_8))).getLong();
    remembered.put(value, hash);
    return hash;
  }
}
