/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One GET endpoint with a JSON answer. */
public interface Endpoint {
  /** Path with parameters in braces. */
  String path();

  /** Names of the query parameters it takes; any other is an error. */
  Set<String> parameters();

  /** What the OpenAPI document says of it. */
  default Described describes() {
    return new Described(null, "");
  }

  /** What of its answer a table shows: {@code rows}, {@code series} …; null if it is no table. */
  default @Nullable String exports() {
    return null;
  }

  /** Most rows its parameter {@code limit} asks for; 0 if it has none. */
  default int maxRows() {
    return 0;
  }

  /** Whether further rows come by a cursor. */
  default boolean pages() {
    return parameters().contains("cursor");
  }

  /** The answer, to be written as JSON. */
  Object answer(Asked asked);
}
