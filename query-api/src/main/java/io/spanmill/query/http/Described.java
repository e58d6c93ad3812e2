/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the OpenAPI document says of an endpoint besides its path and parameters.
 *
 * @param schema name of its answer among the schemas of {@code types.ts}, or null if it has none
 * @param summary one sentence
 * @param choices the values a parameter takes, where they are a list
 */
public record Described(
    @Nullable String schema, String summary, Map<String, List<String>> choices) {
  public Described(@Nullable String schema, String summary) {
    this(schema, summary, Map.of());
  }

  /** Names of orders, each upwards and downwards. */
  static List<String> sorts(List<String> names) {
    return names.stream().flatMap(n -> Stream.of("-" + n, n)).toList();
  }
}
