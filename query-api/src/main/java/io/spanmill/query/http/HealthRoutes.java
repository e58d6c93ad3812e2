/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.javalin.config.RoutesConfig;
import io.spanmill.query.sql.Database;
import java.util.List;

/** {@code /health} and {@code /ready}, for whoever starts and stops this process. */
final class HealthRoutes implements RouteRegistrar {
  private final Database database;

  HealthRoutes(Database database) {
    this.database = database;
  }

  @Override
  public void register(RoutesConfig routes, Access access) {
    routes.get("/health", http -> http.json(object("status", "up")));
    routes.get(
        "/ready",
        http -> {
          boolean ready = database.ready();
          http.status(ready ? 200 : 503).json(object("ready", ready));
        });
  }

  @Override
  public List<RouteDoc> documentation() {
    return List.of(
        RouteDoc.get("/health", "Whether the process lives.", null, "application/json"),
        RouteDoc.get("/ready", "Whether it can answer; 503 if not.", null, "application/json"));
  }
}
