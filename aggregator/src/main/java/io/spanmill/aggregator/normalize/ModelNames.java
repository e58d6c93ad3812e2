/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.pricing.Providers;
import java.util.Set;

/**
 * One spelling per model. A name stays as it is told, letter case and date included, but for what
 * only says how it was reached: a first part that names the call's own provider ({@code
 * openai/gpt-4o}), LiteLLM's proxy or Google's resource folder ({@code models/}).
 */
final class ModelNames {
  private static final int MAX_LENGTH = 256;

  /** Names of one provider that canonical names do not bring together. */
  private static final Set<String> ROUTES =
      Set.of("models", "litellm_proxy", "converse", "invoke", "chat", "responses");

  private ModelNames() {}

  /**
   * The normalised name.
   *
   * @param provider canonical, may be empty
   */
  static String normalize(String model, String provider) {
    String name = model.trim();
    int slash = name.indexOf('/');
    while (slash > 0 && slash < name.length() - 1) {
      String first = name.substring(0, slash);
      if (!ROUTES.contains(first)
          && (provider.isEmpty() || !Providers.canonical(first).equals(provider))) {
        break;
      }
      name = name.substring(slash + 1);
      slash = name.indexOf('/');
    }
    return name.length() > MAX_LENGTH ? name.substring(0, MAX_LENGTH) : name;
  }

  /** The part after the provider in LiteLLM's {@code provider/model}; all of it without slash. */
  static String afterProvider(String providerModel) {
    int slash = providerModel.indexOf('/');
    return slash < 0 ? providerModel : providerModel.substring(slash + 1);
  }
}
