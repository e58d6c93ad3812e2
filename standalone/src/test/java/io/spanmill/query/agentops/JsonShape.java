/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The keys of a JSON answer with the types of their values, as lines {@code path type}; of an array
 * all elements together.
 */
final class JsonShape {
  private JsonShape() {}

  /** Keys below these paths are free: maps by date, bucket, attribute. */
  static Set<String> of(JsonNode node, String... freeMaps) {
    Set<String> out = new TreeSet<>();
    add(out, "", node, Set.of(freeMaps));
    return out;
  }

  /** The lines of a text block: a path and a type, separated by blanks. */
  static Set<String> lines(String text) {
    Set<String> out = new TreeSet<>();
    text.lines()
        .map(String::strip)
        .filter(l -> !l.isEmpty())
        .forEach(
            l -> {
              String[] parts = l.split("\\s+");
              String type = parts[parts.length - 1];
              Arrays.stream(parts, 0, parts.length - 1).forEach(p -> out.add(p + " " + type));
            });
    return out;
  }

  private static void add(Set<String> out, String path, JsonNode node, Set<String> free) {
    if (node.isObject()) {
      if (free.contains(path)) {
        out.add(path + " map");
        return;
      }
      for (Map.Entry<String, JsonNode> e : node.properties()) {
        add(out, path.isEmpty() ? e.getKey() : path + "." + e.getKey(), e.getValue(), free);
      }
    } else if (node.isArray()) {
      out.add(path + " array");
      node.forEach(item -> add(out, path + "[]", item, free));
    } else {
      out.add(path + " " + type(node));
    }
  }

  private static String type(JsonNode node) {
    if (node.isTextual()) {
      return "str";
    }
    if (node.isBoolean()) {
      return "bool";
    }
    if (node.isNull()) {
      return "null";
    }
    return node.isIntegralNumber() ? "int" : "float";
  }
}
