/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import java.util.List;

/**
 * A model that example traffic asks, with its list price in picodollars a token.
 *
 * @param name as provider and proxy tell it
 * @param provider as LiteLLM and the SDKs tell it
 * @param inputPico price of an input token, {@link #NO_PRICE} for a model on own engines
 * @param cacheReadPico price of a token read from the prompt cache
 * @param cacheWritePico price of a token written to it, 0 where the provider charges none
 * @param outputPico price of an output token, reasoning included
 * @param firstTokenMs typical time to the first token
 * @param tokenMs typical time of each further one
 */
record TrafficModel(
    String name,
    String provider,
    long inputPico,
    long cacheReadPico,
    long cacheWritePico,
    long outputPico,
    double firstTokenMs,
    double tokenMs) {
  static final long NO_PRICE = -1;

  /** Most used first. Prices are those of the books in {@code config/prices}. */
  static final List<TrafficModel> CHAT =
      List.of(
          new TrafficModel("gpt-4o-mini", "openai", 150_000, 75_000, 0, 600_000, 320, 7),
          new TrafficModel(
              "claude-sonnet-4-5", "anthropic", 3_000_000, 300_000, 3_750_000, 15_000_000, 900, 14),
          new TrafficModel("qwen3-32b", "hosted_vllm", NO_PRICE, 0, 0, 0, 140, 9),
          new TrafficModel("gpt-4o", "openai", 2_500_000, 1_250_000, 0, 10_000_000, 480, 11),
          new TrafficModel(
              "claude-haiku-4-5", "anthropic", 1_000_000, 100_000, 1_250_000, 5_000_000, 420, 6),
          new TrafficModel("o4-mini", "openai", 1_100_000, 275_000, 0, 4_400_000, 2100, 8));

  static final TrafficModel EMBEDDING =
      new TrafficModel("text-embedding-3-small", "openai", 20_000, 20_000, 0, 0, 60, 0);

  boolean priced() {
    return inputPico != NO_PRICE;
  }

  boolean ownEngine() {
    return provider.equals("hosted_vllm");
  }

  boolean reasons() {
    return name.startsWith("o4");
  }
}
