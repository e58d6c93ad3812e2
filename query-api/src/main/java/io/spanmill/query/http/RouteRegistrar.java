/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.config.RoutesConfig;
import java.util.List;

/** Adds further routes to the server: other surfaces than {@code /api/v1} come in by this. */
@FunctionalInterface
public interface RouteRegistrar {
  /** Request attribute of a route that wrote its own error answer; no general one follows. */
  String ERROR_WRITTEN = "error-written";

  /**
   * Adds its routes.
   *
   * @param access tells who asks; throws the right error if nobody may
   */
  void register(RoutesConfig routes, Access access);

  /** Its routes for the OpenAPI document. */
  default List<RouteDoc> documentation() {
    return List.of();
  }
}
