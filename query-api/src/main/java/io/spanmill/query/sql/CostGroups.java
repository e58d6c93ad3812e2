/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

/**
 * Calls put together that a price book prices alike: same model, service tier and size of context
 * as far as prices differ by it. Their tokens may be priced as one sum.
 */
final class CostGroups {
  /** Context sizes at which providers change their prices. */
  private static final String CONTEXT =
      "arrayCount(x -> greatest(input_tokens, 0) + greatest(cache_read_tokens, 0)"
          + " + greatest(cache_write_tokens, 0) > x, [128000, 200000, 256000, 272000])";

  static final String KEYS =
      "provider, model, request_model, response_model, service_tier, cache_hit, context";

  static final String COLUMNS =
      "provider, model, request_model, response_model, service_tier, cache_hit, "
          + CONTEXT
          + " AS context, count() AS calls, max(toUnixTimestamp64Milli(event_time)) AS event_ms,"
          + " sum(greatest(input_tokens, 0)) AS input,"
          + " sum(greatest(cache_read_tokens, 0)) AS cache_read,"
          + " sum(greatest(cache_write_tokens, 0)) AS cache_write,"
          + " sum(greatest(cache_write_1h_tokens, 0)) AS cache_write_1h,"
          + " sum(greatest(output_tokens, 0)) AS output,"
          + " sum(greatest(reasoning_tokens, 0)) AS reasoning,"
          + " sum(greatest(audio_input_tokens, 0)) AS audio_input,"
          + " sum(greatest(audio_output_tokens, 0)) AS audio_output,"
          + " sum(cost) AS cost, countIf(isNotNull(cost)) AS costed";

  private CostGroups() {}
}
