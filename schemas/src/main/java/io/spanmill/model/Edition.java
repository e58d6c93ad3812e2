/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The edition of the rollups that is read, see {@link Generation}.
 *
 * @param number 0 before the first rebuild
 * @param filledFromMs of each cube that is filled in it, by {@link CubeSet#shape}: the first window
 *     start from which it has every call
 */
public record Edition(int number, Map<String, Long> filledFromMs) {
  public Edition {
    filledFromMs = Map.copyOf(filledFromMs);
  }

  /** From when on a cube has every call; null if it is not filled. */
  public @Nullable Long filledFrom(String shape) {
    return filledFromMs.get(shape);
  }

  /** {@link Generation#condition} of this edition. */
  public String condition() {
    return Generation.condition(number);
  }
}
