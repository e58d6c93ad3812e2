/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/** Kafka's default partitioner on the lower-case hex trace id, without making the key. */
public final class TracePartitioner {
  private static final int SEED = 0x9747b28c;
  private static final int M = 0x5bd1e995;
  private static final int R = 24;
  private static final int KEY_LENGTH = 32;
  private static final byte[] HEX = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
  };

  private TracePartitioner() {}

  /** The partition of a trace: murmur2 of its 32 hex digits, as the Java client hashes a key. */
  public static int partition(long traceIdHi, long traceIdLo, int partitions) {
    int h = SEED ^ KEY_LENGTH;
    for (int word = 0; word < KEY_LENGTH / 4; word++) {
      long half = word < 4 ? traceIdHi : traceIdLo;
      int nibbles = (int) (half >>> (48 - 16 * (word & 3)));
      int k =
          HEX[nibbles >>> 12 & 15]
              | HEX[nibbles >>> 8 & 15] << 8
              | HEX[nibbles >>> 4 & 15] << 16
              | HEX[nibbles & 15] << 24;
      k *= M;
      k ^= k >>> R;
      k *= M;
      h *= M;
      h ^= k;
    }
    h ^= h >>> 13;
    h *= M;
    h ^= h >>> 15;
    return (h & 0x7fffffff) % partitions;
  }
}
