/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Locale;
import java.util.function.Function;

/** A dimension of a cube that has a column of its own in the rollup tables. */
public enum Dimension {
  PROJECT("project", c -> c.project),
  LAYER("layer", c -> c.layer == null ? "" : c.layer.label()),
  PROVIDER("provider", c -> c.provider),
  MODEL("model", c -> c.model),
  OPERATION("operation", c -> c.operation),
  ERROR_CLASS("errorClass", c -> c.errorClass.label()),
  SERVICE("service", c -> c.service),
  ENVIRONMENT("environment", c -> c.environment),
  TEAM("team", c -> c.team),
  API_KEY("apiKey", c -> c.apiKey),
  USER("user", c -> c.user);

  private final String apiName;
  private final Function<NormalizedSpan, String> value;

  Dimension(String apiName, Function<NormalizedSpan, String> value) {
    this.apiName = apiName;
    this.value = value;
  }

  /** Name in the API. */
  public String apiName() {
    return apiName;
  }

  /** Column in {@code calls} and in the rollup tables. */
  public String column() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The call's value; empty if it has none. */
  public String of(NormalizedSpan call) {
    return value.apply(call);
  }

  /** Project and layer are never folded into {@code __other__}. */
  public boolean folds() {
    return this != PROJECT && this != LAYER;
  }
}
