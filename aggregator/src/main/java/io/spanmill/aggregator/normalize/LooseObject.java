/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import java.util.Arrays;

/**
 * The keys of one object in loose text, read once to be asked for several: finds what {@link
 * LooseText#find(String, int, String)} finds. Reused over texts; not thread-safe.
 */
final class LooseObject {
  private static final int WORDS = 3;

  private String text = "";

  /** Of each key: where it begins, where it ends, where its value begins. */
  private int[] places = new int[16 * WORDS];

  private int size;

  /** Turns to the object that opens here; there are no keys if none does. */
  void read(String newText, int object) {
    text = newText;
    size = 0;
    LooseText.keys(newText, object, this::add);
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Position of the value of the first of two keys, else of the second. */
  int find(String key, String otherwise) {
    int value = find(key);
    return value < 0 ? find(otherwise) : value;
  }

  /** The figure told already, else that of the first of these keys that has a number. */
  long first(long told, String... keys) {
    long count = told;
    for (int i = 0; i < keys.length && count == Values.NO_COUNT; i++) {
      count = LooseText.count(text, find(keys[i]));
    }
    return count;
  }

  /** Position of the value of a key; −1 if the object lacks it. */
  int find(String key) {
    for (int at = 0; at < size * WORDS; at += WORDS) {
      int from = places[at];
      if (places[at + 1] - from == key.length() && text.startsWith(key, from)) {
        return places[at + 2];
      }
    }
    return -1;
  }

  private boolean add(int from, int to, int value) {
    int at = size++ * WORDS;
    if (at == places.length) {
      places = Arrays.copyOf(places, 2 * places.length);
    }
    places[at] = from;
    places[at + 1] = to;
    places[at + 2] = value;
    return true;
  }
}
