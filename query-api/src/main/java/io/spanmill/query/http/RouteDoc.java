/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A route besides the JSON endpoints, as the OpenAPI document tells it.
 *
 * @param method in lower case
 * @param path with parameters in braces
 * @param role what the caller needs; null if anybody may
 * @param parameters names of its query parameters
 * @param body schema of the request body, {@link #BINARY} for bytes of any kind, or null
 * @param mediaType of the answer; empty if it has no body
 * @param schema of the answer, or null
 * @param errors schema of its error answers
 * @param refusal the status it always answers with; 0 if it has an answer
 */
public record RouteDoc(
    String method,
    String path,
    String summary,
    @Nullable String role,
    Set<String> parameters,
    @Nullable String body,
    String mediaType,
    @Nullable String schema,
    String errors,
    int refusal) {
  /** Body of a route that takes bytes of any kind. */
  public static final String BINARY = "binary";

  private static final String ERRORS = "ApiErrorBody";

  public RouteDoc(
      String method,
      String path,
      String summary,
      @Nullable String role,
      Set<String> parameters,
      @Nullable String body,
      String mediaType,
      @Nullable String schema) {
    this(method, path, summary, role, parameters, body, mediaType, schema, ERRORS, 0);
  }

  /** A route without body and parameters. */
  public static RouteDoc get(String path, String summary, @Nullable String role, String mediaType) {
    return new RouteDoc("get", path, summary, role, Set.of(), null, mediaType, null);
  }
}
