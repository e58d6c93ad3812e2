/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PackedWriterTest {
  @Test
  void varintsAroundEachPowerOfTwo_areLeb128() {
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    PackedWriter writer = new PackedWriter(1);
    for (int bit = 0; bit < Long.SIZE; bit++) {
      for (long value : new long[] {(1L << bit) - 1, 1L << bit, (1L << bit) + 1, -(1L << bit)}) {
        writer.varint(value);
        plainVarint(value, plain);
      }
    }
    assertThat(writer.toByteArray()).isEqualTo(plain.toByteArray());
  }

  @Test
  void numbersOfAnyLength_areReadBack() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    long[] values = random.longs(10_000).map(v -> v >> random.nextInt(Long.SIZE)).toArray();
    PackedWriter writer = new PackedWriter(1);
    for (long value : values) {
      writer.varint(value);
      writer.zigzag(value);
      writer.money(value >> 1);
    }
    PackedReader reader = new PackedReader(writer.toByteArray());
    for (long value : values) {
      assertThat(reader.varint()).as("seed %d", seed).isEqualTo(value);
      assertThat(reader.zigzag()).as("seed %d", seed).isEqualTo(value);
      assertThat(reader.money()).as("seed %d", seed).isEqualTo(value >> 1);
    }
    assertThat(reader.remaining()).isZero();
  }

  /** As the format is defined: seven bits a byte, low ones first. */
  private static void plainVarint(long value, ByteArrayOutputStream out) {
    long rest = value;
    while (rest >>> 7 != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
