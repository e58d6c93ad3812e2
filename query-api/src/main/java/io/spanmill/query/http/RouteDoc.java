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
 * @param body schema of the request body, or null
 * @param mediaType of the answer; empty if it has no body
 * @param schema of the answer, or null
 */
public record RouteDoc(
    String method,
    String path,
    String summary,
    @Nullable String role,
    Set<String> parameters,
    @Nullable String body,
    String mediaType,
    @Nullable String schema) {
  /** A route without body and parameters. */
  public static RouteDoc get(String path, String summary, @Nullable String role, String mediaType) {
    return new RouteDoc("get", path, summary, role, Set.of(), null, mediaType, null);
  }
}
