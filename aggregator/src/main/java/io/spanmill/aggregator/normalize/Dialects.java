/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import java.util.List;

/**
 * All dialects, in the order in which a span is offered to them; the first that knows it has it.
 */
final class Dialects {
  private Dialects() {}

  static List<Dialect> all(NormalizerConfig config) {
    return List.of(
        new Vllm(config.engines()),
        new LiteLlmV2(config.gatewayServices()),
        new LiteLlmV1(config.gatewayServices()),
        new AgentOps(),
        new OpenInference(),
        new VercelAi(),
        new Langfuse(),
        new Laminar(),
        new OpenLlmetry(),
        new GenAiSemconv());
  }
}
