/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

/**
 * What one answer used, in disjoint kinds; all zero if there was none.
 *
 * @param input neither read from nor written to the prompt cache
 * @param output without reasoning
 */
record Usage(long input, long cacheRead, long cacheWrite, long output, long reasoning) {
  static final Usage NONE = new Usage(0, 0, 0, 0, 0);

  /** As senders tell the input: with the prompt cache. */
  long prompt() {
    return input + cacheRead + cacheWrite;
  }

  /** As senders tell the output: with reasoning. */
  long completion() {
    return output + reasoning;
  }

  long total() {
    return prompt() + completion();
  }

  /** The same as a sender tells it who knows neither caches nor reasoning. */
  Usage whole() {
    return new Usage(prompt(), 0, 0, completion(), 0);
  }

  /** The same as a sender tells it who does not know reasoning. */
  Usage withoutReasoning() {
    return new Usage(input, cacheRead, cacheWrite, completion(), 0);
  }

  /** The same as a sender tells it who knows nothing of tokens written to a cache. */
  Usage withoutCacheWrite() {
    return new Usage(input + cacheWrite, cacheRead, 0, output, reasoning);
  }

  /** By list price, in picodollars; whole tokens at whole picodollars, so nothing is rounded. */
  long costPico(TrafficModel model) {
    return input * model.inputPico()
        + cacheRead * model.cacheReadPico()
        + cacheWrite * model.cacheWritePico()
        + completion() * model.outputPico();
  }
}
