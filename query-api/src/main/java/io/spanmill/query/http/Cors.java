/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.util.List;

/** Lets browsers of the listed origins read answers, with credentials. */
final class Cors {
  private static final String MAX_AGE_SECONDS = "600";

  private final List<String> origins;

  Cors(Settings settings) {
    origins = settings.list(Keys.QUERY_CORS_ORIGINS);
  }

  void headers(Context http) {
    String origin = http.header("Origin");
    if (origin == null || !origins.contains(origin)) {
      return;
    }
    http.header("Access-Control-Allow-Origin", origin);
    http.header("Access-Control-Allow-Credentials", "true");
    http.header("Vary", "Origin");
    http.header(
        "Access-Control-Expose-Headers",
        "ETag, Retry-After, " + EntityTags.COMPLETE_THROUGH + ", " + Export.TRUNCATED);
  }

  /** Answers a preflight request. */
  void preflight(Context http) {
    String origin = http.header("Origin");
    if (origin != null && origins.contains(origin)) {
      http.header("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
      http.header(
          "Access-Control-Allow-Headers",
          "Authorization, Content-Type, If-None-Match, Last-Event-ID, Trace-Id, X-API-Key,"
              + " X-Agentops-Api-Key");
      http.header("Access-Control-Max-Age", MAX_AGE_SECONDS);
    }
    http.status(204);
  }

  /**
   * Refuses writes that a page of another origin sends.
   *
   * @throws ApiException 403
   */
  void checkWrite(Context http) {
    String origin = http.header("Origin");
    if (origin == null || origins.contains(origin)) {
      return;
    }
    String host = String.valueOf(http.header("Host"));
    if (!origin.equals("http://" + host) && !origin.equals("https://" + host)) {
      throw ApiException.forbidden("requests of this origin are not allowed", null);
    }
  }
}
