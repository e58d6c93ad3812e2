/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import io.spanmill.model.Role;
import io.spanmill.model.Rollup;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Values for the codec tests: random ones by seed, and fixed ones for the stored samples. */
final class CodecSamples {
  private static final String[] TEXTS = {
    "", "gpt-4o", "모델-이름", "a\u0000b", "🦀 crab", "team with spaces", "x".repeat(300)
  };

  private CodecSamples() {}

  static NormalizedSpan span(Random random) {
    NormalizedSpan s = new NormalizedSpan();
    long seed = random.nextLong();
    try {
      for (Field field : fields()) {
        // A random of its own: a field that is added later changes no other's value.
        Random own = new Random(seed ^ field.getName().hashCode() * 0x9E3779B97F4A7C15L);
        if (field.getType() == String.class) {
          field.set(s, TEXTS[own.nextInt(TEXTS.length)]);
        } else if (field.getType() == boolean.class) {
          field.setBoolean(s, own.nextBoolean());
        } else if (field.getType() == long.class) {
          field.setLong(s, number(own));
        } else if (field.getType() == int.class) {
          field.setInt(s, own.nextInt(1 << 20));
        }
      }
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
    s.role = Role.values()[random.nextInt(Role.values().length)];
    int layer = random.nextInt(Layer.values().length + 1);
    s.layer = layer == 0 ? null : Layer.values()[layer - 1];
    s.errorClass = ErrorClass.values()[random.nextInt(ErrorClass.values().length)];
    s.priced = PricedState.values()[random.nextInt(3)];
    s.extra = new String[random.nextInt(3)];
    for (int i = 0; i < s.extra.length; i++) {
      s.extra[i] = TEXTS[random.nextInt(TEXTS.length)];
    }
    return s;
  }

  /** A call as it might be, with every field set, the same at every run. */
  static NormalizedSpan fixedSpan(int n) {
    NormalizedSpan s = span(new Random(1000 + n));
    s.arrivalMs = 1_767_225_600_000L;
    s.sourcePartition = 3;
    s.sourceOffset = 4711;
    return s;
  }

  static Rollup rollup(Random random) {
    Rollup r = new Rollup();
    int calls = random.nextInt(20);
    for (int i = 0; i < calls; i++) {
      NormalizedSpan call = span(random);
      call.durationMicros = Math.abs(call.durationMicros % 10_000_000_000L);
      call.ttftMicros = random.nextBoolean() ? -1 : random.nextInt(5_000_000);
      call.eventTimeMs = Math.abs(call.eventTimeMs % 4_000_000_000_000L);
      call.costPicoUsd = random.nextInt(4) == 0 ? PicoUsd.ABSENT : random.nextLong() >> 3;
      r.add(call);
    }
    return r;
  }

  static List<Field> fields() {
    List<Field> out = new ArrayList<>();
    for (Field field : NormalizedSpan.class.getFields()) {
      if (!Modifier.isStatic(field.getModifiers())) {
        out.add(field);
      }
    }
    return out;
  }

  /** Bytes of a sample that an earlier build wrote. */
  static byte[] stored(String name) throws IOException {
    try (InputStream in = CodecSamples.class.getResourceAsStream("/codec/" + name + ".hex")) {
      if (in == null) {
        throw new AssertionError("no sample codec/" + name + ".hex in the test resources");
      }
      return HexFormat.of().parseHex(new String(in.readAllBytes()).replaceAll("\\s", ""));
    }
  }

  /** Writes a new sample where {@code codec.samples.dir} says, when a format gets a new version. */
  static void keep(String name, byte[] record) throws IOException {
    String dir = System.getProperty("codec.samples.dir");
    if (dir != null) {
      Files.writeString(Path.of(dir, name + ".hex"), HexFormat.of().formatHex(record) + "\n");
    }
  }

  private static long number(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> -1;
      case 1 -> 0;
      case 2 -> random.nextInt(1000);
      case 3 -> Long.MIN_VALUE;
      case 4 -> Long.MAX_VALUE;
      default -> random.nextLong();
    };
  }
}
