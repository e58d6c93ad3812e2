/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import io.spanmill.model.Role;

/** The gateway request that a collapsed root is besides its attempt. */
final class GatewayRequest {
  private GatewayRequest() {}

  /** A row of its own in layer {@code gateway_request}; usage and cost stay with the attempt. */
  static NormalizedSpan of(NormalizedSpan root) {
    NormalizedSpan request = root.copy();
    request.layer = Layer.GATEWAY_REQUEST;
    request.role = Role.GATEWAY_ROOT;
    request.alsoGatewayRequest = false;
    request.inputTokens = NormalizedSpan.ABSENT;
    request.cacheReadTokens = NormalizedSpan.ABSENT;
    request.cacheWriteTokens = NormalizedSpan.ABSENT;
    request.cacheWrite1hTokens = NormalizedSpan.ABSENT;
    request.outputTokens = NormalizedSpan.ABSENT;
    request.reasoningTokens = NormalizedSpan.ABSENT;
    request.audioInputTokens = NormalizedSpan.ABSENT;
    request.audioOutputTokens = NormalizedSpan.ABSENT;
    request.imageCount = NormalizedSpan.ABSENT;
    request.savedTokens = NormalizedSpan.ABSENT;
    request.rawInputTokens = NormalizedSpan.ABSENT;
    request.rawOutputTokens = NormalizedSpan.ABSENT;
    request.rawTotalTokens = NormalizedSpan.ABSENT;
    request.reportedPicoUsd = PicoUsd.ABSENT;
    request.computedPicoUsd = PicoUsd.ABSENT;
    request.costPicoUsd = PicoUsd.ABSENT;
    request.priced = PricedState.NONE;
    request.priceBook = "";
    request.priceEntry = "";
    return request;
  }
}
