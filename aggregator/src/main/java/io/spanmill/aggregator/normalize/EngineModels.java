/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.pricing.Engines;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Which model each inference engine serves, by {@code service.name} or host, as {@code
 * engines.file} tells. Immutable.
 */
public final class EngineModels {
  private final Map<String, String> byService = new HashMap<>();
  private final Map<String, String> byHost = new HashMap<>();

  private EngineModels(Engines engines) {
    for (Engines.Engine engine : engines.entries()) {
      if (!engine.host().isEmpty()) {
        byHost.put(engine.host(), engine.model());
      } else {
        byService.put(engine.service(), engine.model());
      }
    }
  }

  /** Knows no engine. */
  public static EngineModels none() {
    return new EngineModels(Engines.none());
  }

  /**
   * Reads the file, see {@link Engines#load}.
   *
   * @throws IllegalArgumentException if an entry is wrong
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static EngineModels load(Path file) {
    return new EngineModels(Engines.load(file));
  }

  static EngineModels parse(String file, String content) {
    return new EngineModels(Engines.parse(file, content));
  }

  /** The model served there; a host's entry goes before its service's; "" if nobody told. */
  String modelOf(String service, String host) {
    String model = byHost.get(host);
    return model != null ? model : byService.getOrDefault(service, "");
  }
}
