/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Which model each inference engine serves, by {@code service.name} or host, as {@code
 * engines.file} tells. Immutable.
 */
public final class EngineModels {
  private final Map<String, String> byService;
  private final Map<String, String> byHost;

  private EngineModels(Map<String, String> byService, Map<String, String> byHost) {
    this.byService = Map.copyOf(byService);
    this.byHost = Map.copyOf(byHost);
  }

  /** Knows no engine. */
  public static EngineModels none() {
    return new EngineModels(Map.of(), Map.of());
  }

  /**
   * Reads the file: a list {@code engines} of entries with {@code service} or {@code host}, and
   * {@code model}. Other keys of an entry (rates) are none of this class's business.
   *
   * @throws IllegalArgumentException if it cannot be read or an entry names nothing to match
   */
  public static EngineModels load(Path file) {
    try {
      return parse(file.toString(), Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read engines file " + file, e);
    }
  }

  static EngineModels parse(String file, String content) {
    Object root;
    try {
      root = new Yaml(new SafeConstructor(new LoaderOptions())).load(content);
    } catch (YAMLException e) {
      throw new IllegalArgumentException(file + " is not YAML: " + e.getMessage(), e);
    }
    Map<String, String> byService = new HashMap<>();
    Map<String, String> byHost = new HashMap<>();
    if (root == null) {
      return none();
    }
    if (!(root instanceof Map<?, ?> top)) {
      throw new IllegalArgumentException(file + ": must be a mapping with the key engines");
    }
    Object engines = top.get("engines");
    if (engines == null) {
      return none();
    }
    if (!(engines instanceof List<?> list)) {
      throw new IllegalArgumentException(file + ": engines must be a list");
    }
    for (int i = 0; i < list.size(); i++) {
      if (!(list.get(i) instanceof Map<?, ?> entry)) {
        throw new IllegalArgumentException(file + ": engine " + (i + 1) + " must be a mapping");
      }
      String model = text(entry, "model");
      String service = text(entry, "service");
      String host = text(entry, "host");
      if (model.isEmpty() || (service.isEmpty() && host.isEmpty())) {
        throw new IllegalArgumentException(
            file + ": engine " + (i + 1) + " needs a model, and a service or a host");
      }
      if (!host.isEmpty()) {
        byHost.put(host, model);
      } else {
        byService.put(service, model);
      }
    }
    return new EngineModels(byService, byHost);
  }

  /** The model served there; a host's entry goes before its service's; "" if nobody told. */
  String modelOf(String service, String host) {
    String model = byHost.get(host);
    return model != null ? model : byService.getOrDefault(service, "");
  }

  private static String text(Map<?, ?> entry, String key) {
    Object value = entry.get(key);
    return value == null ? "" : value.toString().trim();
  }
}
