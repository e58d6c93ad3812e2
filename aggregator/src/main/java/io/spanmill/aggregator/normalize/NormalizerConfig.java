/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an installation tells the normaliser. Immutable.
 *
 * @param direct services and hosts whose model calls pass no gateway
 * @param gatewayServices values of {@code service.name} of gateways
 * @param engines which model each engine serves
 * @param keys further attribute keys of fields, asked after every dialect's own
 * @param attributes attribute keys whose values calls keep, in the order of {@code extra}
 */
public record NormalizerConfig(
    Set<String> direct,
    Set<String> gatewayServices,
    EngineModels engines,
    FurtherKeys keys,
    List<String> attributes) {
  public NormalizerConfig {
    direct = Set.copyOf(direct);
    gatewayServices = Set.copyOf(gatewayServices);
    attributes = List.copyOf(attributes);
  }

  /** No direct services, LiteLLM under its own name, nothing configured. */
  public static NormalizerConfig defaults() {
    return new NormalizerConfig(
        Set.of(), Set.of("litellm"), EngineModels.none(), new FurtherKeys(Map.of()), List.of());
  }

  /**
   * Reads the settings and the files they name. A missing {@code engines.file} is no engine told.
   *
   * @param attributes attribute keys that cubes have as dimensions
   * @throws IllegalArgumentException if a file is wrong, saying where
   */
  public static NormalizerConfig of(Settings settings, List<String> attributes) {
    Path engines = Path.of(settings.string(Keys.ENGINES_FILE));
    String dialects = settings.string(Keys.DIALECTS_FILE);
    return new NormalizerConfig(
        Set.copyOf(settings.list(Keys.LAYERS_DIRECT)),
        Set.copyOf(settings.list(Keys.GATEWAY_SERVICES)),
        Files.isRegularFile(engines) ? EngineModels.load(engines) : EngineModels.none(),
        dialects.isEmpty() ? new FurtherKeys(Map.of()) : FurtherKeys.load(Path.of(dialects)),
        attributes);
  }
}
