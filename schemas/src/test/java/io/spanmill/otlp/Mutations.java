/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.Arrays;
import java.util.Random;

/** Small damages to valid bytes: flipped, removed, inserted, copied, cut. */
final class Mutations {
  private Mutations() {}

  static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      bytes = once(bytes, random);
    }
    return bytes;
  }

  private static byte[] once(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(7)) {
      case 0 -> {
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        return bytes;
      }
      case 1 -> {
        bytes[at] = (byte) random.nextInt();
        return bytes;
      }
      case 2 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 3 -> {
        return splice(bytes, at, at + 1, new byte[0]);
      }
      case 4 -> {
        byte[] inserted = new byte[1 + random.nextInt(4)];
        random.nextBytes(inserted);
        return splice(bytes, at, at, inserted);
      }
      case 5 -> {
        // A small change of a byte turns tags and lengths into their neighbours.
        bytes[at] += (byte) (random.nextInt(5) - 2);
        return bytes;
      }
      default -> {
        int to = Math.min(bytes.length, at + 1 + random.nextInt(20));
        byte[] copied = Arrays.copyOfRange(bytes, at, to);
        return splice(bytes, to, to, copied);
      }
    }
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] middle) {
    byte[] result = new byte[bytes.length - (to - from) + middle.length];
    System.arraycopy(bytes, 0, result, 0, from);
    System.arraycopy(middle, 0, result, from, middle.length);
    System.arraycopy(bytes, to, result, from + middle.length, bytes.length - to);
    return result;
  }
}
