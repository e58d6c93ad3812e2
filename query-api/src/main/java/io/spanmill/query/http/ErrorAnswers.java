/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.spanmill.query.sql.NotCovered;
import io.spanmill.query.sql.QueryFailure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where failures become error answers. */
final class ErrorAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorAnswers.class);

  private static final int CLIENT_CLOSED = 499;

  private ErrorAnswers() {}

  static void write(Exception e, Context http) {
    if (e instanceof ApiException api) {
      if (api.status() == 401) {
        http.header("WWW-Authenticate", "Bearer");
      }
      if (api.status() == 429 || api.status() == 503) {
        http.header("Retry-After", api.status() == 429 ? "1" : "2");
      }
      write(http, api.status(), api.code(), String.valueOf(api.getMessage()), api.field());
    } else if (e instanceof NotCovered nc) {
      write(http, 400, "not_covered", String.valueOf(nc.getMessage()), nc.dimensions());
    } else if (e instanceof QueryFailure failure) {
      query(failure, http);
    } else if (e instanceof HttpResponseException response) {
      write(
          http,
          response.getStatus(),
          "http_" + response.getStatus(),
          String.valueOf(response.getMessage()),
          null);
    } else {
      LOG.error("{} {} failed", http.method(), http.path(), e);
      write(http, 500, "internal", "an error of the server, see its log", null);
    }
  }

  static void write(Context http, int status, String code, String message, @Nullable String field) {
    http.attribute(RouteRegistrar.ERROR_WRITTEN, true);
    // Again: a proxied answer that failed half way took them off.
    SecurityHeaders.add(http);
    http.status(status)
        .contentType("application/json")
        .header("Cache-Control", "no-store")
        .result(
            Json.bytes(object("error", object("code", code, "message", message, "field", field))));
  }

  private static void query(QueryFailure failure, Context http) {
    switch (failure.kind()) {
      case TIMEOUT ->
          write(
              http,
              504,
              "query_timeout",
              "the query ran into query.timeout.ms: narrow the range",
              null);
      case MEMORY ->
          write(
              http,
              400,
              "query_too_large",
              "the query ran into query.memory.max.bytes: narrow the range",
              null);
      case TOO_MANY_ROWS ->
          write(
              http,
              400,
              "query_too_large",
              "the query would read more rows than query.raw.max.rows: narrow the range",
              null);
      case RESULT_TOO_LARGE ->
          write(
              http,
              400,
              "result_too_large",
              "the answer has too many rows: narrow the range or set limit",
              null);
      case BAD_VALUE ->
          write(http, 400, "bad_parameter", "a value or the cursor does not fit", "cursor");
      case CANCELLED -> write(http, CLIENT_CLOSED, "cancelled", "the query was cancelled", null);
      case UNAVAILABLE -> {
        LOG.warn("ClickHouse does not answer: {}", failure.getMessage());
        http.header("Retry-After", "2");
        write(http, 503, "unavailable", "the database does not answer, try again", null);
      }
      case INTERNAL -> {
        LOG.error("{} {} failed", http.method(), http.path(), failure);
        write(http, 500, "internal", "an error of the server, see its log", null);
      }
    }
  }
}
