/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Locale;

/** A dimension of a cube that has a column of its own in the rollup tables. */
public enum Dimension {
  PROJECT("project"),
  LAYER("layer"),
  PROVIDER("provider"),
  MODEL("model"),
  OPERATION("operation"),
  ERROR_CLASS("errorClass"),
  SERVICE("service"),
  ENVIRONMENT("environment"),
  TEAM("team"),
  API_KEY("apiKey"),
  USER("user");

  private final String apiName;

  Dimension(String apiName) {
    this.apiName = apiName;
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
    return switch (this) {
      case PROJECT -> call.project;
      case LAYER -> call.layer == null ? "" : call.layer.label();
      case PROVIDER -> call.provider;
      case MODEL -> call.model;
      case OPERATION -> call.operation;
      case ERROR_CLASS -> call.errorClass.label();
      case SERVICE -> call.service;
      case ENVIRONMENT -> call.environment;
      case TEAM -> call.team;
      case API_KEY -> call.apiKey;
      case USER -> call.user;
    };
  }

  /** Project and layer are never folded into {@code __other__}. */
  public boolean folds() {
    return this != PROJECT && this != LAYER;
  }
}
