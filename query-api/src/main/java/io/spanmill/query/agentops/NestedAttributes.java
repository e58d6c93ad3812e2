/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Dotted attribute keys as nested objects, the way AgentOps hands them out: a level whose first
 * index is 0 is an array, leaves are text. What does not fit (a small index on an object, parts of
 * what is a plain value) is left out, as there; but keys are taken in alphabetical order, so that
 * the outcome does not hang on how they were stored.
 */
final class NestedAttributes {
  private static final Pattern INDEX = Pattern.compile("\\d{1,9}");

  /** An object's key may be a number from here on. */
  private static final int SMALL_INDEX = 10;

  /** A sender's index must not make an array of any size. */
  private static final int MAX_INDEX = 10_000;

  private NestedAttributes() {}

  static Map<String, @Nullable Object> of(Map<String, String> flat) {
    Map<String, @Nullable Object> root = new LinkedHashMap<>();
    new TreeMap<>(flat).forEach((key, value) -> put(root, key.split("\\.", -1), value));
    if (root.get("gen_ai") instanceof Map<?, ?> genAi
        && genAi.get("prompt") instanceof String prompt) {
      // Senders of before messages were numbered.
      map(genAi).put("prompt", List.of(object("content", prompt, "role", "user")));
    }
    return root;
  }

  private static void put(Map<String, @Nullable Object> root, String[] parts, String value) {
    Object at = root;
    for (int i = 0; i < parts.length - 1 && at != null; i++) {
      at = step(at, parts[i], parts[i + 1]);
    }
    String last = parts[parts.length - 1];
    if (at instanceof List<?> list) {
      if (fits(last)) {
        List<@Nullable Object> items = list(list);
        while (items.size() <= Integer.parseInt(last)) {
          items.add(null);
        }
        items.set(Integer.parseInt(last), value);
      }
    } else if (at instanceof Map<?, ?> map && !smallIndex(last)) {
      map(map).put(last, value);
    }
  }

  /** The level below, made if it is missing; null if the key cannot lead on. */
  private static @Nullable Object step(Object at, String key, String next) {
    if (at instanceof List<?> list) {
      if (!fits(key)) {
        return null;
      }
      List<@Nullable Object> items = list(list);
      while (items.size() <= Integer.parseInt(key)) {
        items.add(INDEX.matcher(next).matches() ? new ArrayList<>() : new LinkedHashMap<>());
      }
      return items.get(Integer.parseInt(key));
    }
    if (at instanceof Map<?, ?> map && !smallIndex(key)) {
      return map(map)
          .computeIfAbsent(key, k -> next.equals("0") ? new ArrayList<>() : new LinkedHashMap<>());
    }
    return null;
  }

  private static boolean fits(String key) {
    return INDEX.matcher(key).matches() && Integer.parseInt(key) <= MAX_INDEX;
  }

  private static boolean smallIndex(String key) {
    return INDEX.matcher(key).matches() && Integer.parseInt(key) < SMALL_INDEX;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, @Nullable Object> map(Map<?, ?> map) {
    return (Map<String, @Nullable Object>) map;
  }

  @SuppressWarnings("unchecked")
  private static List<@Nullable Object> list(List<?> list) {
    return (List<@Nullable Object>) list;
  }
}
