/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.util.Set;

/** One GET endpoint with a JSON answer. */
public interface Endpoint {
  /** Path with parameters in braces. */
  String path();

  /** Names of the query parameters it takes; any other is an error. */
  Set<String> parameters();

  /** The answer, to be written as JSON. */
  Object answer(Asked asked);
}
