/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Attribute keys an installation adds to the dialects' tables, by field: {@code keys: {team:
 * [my.team], session: [my.session]}}. Immutable.
 */
public final class FurtherKeys {
  private final Map<Field, List<String>> byField = new EnumMap<>(Field.class);

  /**
   * @param byLabel keys by the fields' names
   * @throws IllegalArgumentException if there is no field of such a name
   */
  public FurtherKeys(Map<String, List<String>> byLabel) {
    byLabel.forEach((label, keys) -> byField.put(Field.ofLabel(label), List.copyOf(keys)));
  }

  /**
   * Reads {@code dialects.file}.
   *
   * @throws IllegalArgumentException if it cannot be read or names an unknown field
   */
  public static FurtherKeys load(Path file) {
    try {
      return parse(file.toString(), Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read dialects file " + file, e);
    }
  }

  static FurtherKeys parse(String file, String content) {
    Object root;
    try {
      root = new Yaml(new SafeConstructor(new LoaderOptions())).load(content);
    } catch (YAMLException e) {
      throw new IllegalArgumentException(file + " is not YAML: " + e.getMessage(), e);
    }
    Map<String, List<String>> byLabel = new HashMap<>();
    if (root instanceof Map<?, ?> top && top.get("keys") instanceof Map<?, ?> keys) {
      for (Map.Entry<?, ?> entry : keys.entrySet()) {
        byLabel.put(String.valueOf(entry.getKey()), keys(file, entry));
      }
    } else if (root != null) {
      throw new IllegalArgumentException(file + ": must be a mapping with the key keys");
    }
    try {
      return new FurtherKeys(byLabel);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  private static List<String> keys(String file, Map.Entry<?, ?> entry) {
    if (entry.getValue() instanceof List<?> list) {
      List<String> keys = new ArrayList<>();
      list.forEach(key -> keys.add(String.valueOf(key)));
      return keys;
    }
    if (entry.getValue() instanceof String key) {
      return List.of(key);
    }
    throw new IllegalArgumentException(
        file + ": " + entry.getKey() + " must be an attribute key or a list of them");
  }

  Map<Field, List<String>> byField() {
    return byField;
  }
}
