/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.model.NormalizedSpan;

/**
 * Cuts what a call's row may hold: text to a length, event time to a sensible range. Done before
 * the call is written or folded, so that rows and rollups say the same.
 */
public final class CallBounds {
  /** Characters of any text but the error message, which has a bound of its own. */
  static final int MAX_TEXT = 1024;

  /** 2020-01-01T00:00:00Z. */
  static final long EARLIEST_MS = 1_577_836_800_000L;

  /** How far after its arrival a span may claim to have ended. */
  static final long MAX_AHEAD_MS = 3_600_000L;

  private CallBounds() {}

  /** Cuts the call in place. */
  public static void apply(NormalizedSpan c) {
    if (c.eventTimeMs < EARLIEST_MS || c.eventTimeMs > c.arrivalMs + MAX_AHEAD_MS) {
      c.eventTimeMs = c.arrivalMs;
      c.flags |= NormalizedSpan.BAD_TIME;
    }
    c.durationMicros = Math.max(0, c.durationMicros);
    c.dialect = cut(c, c.dialect);
    c.name = cut(c, c.name);
    c.service = cut(c, c.service);
    c.environment = cut(c, c.environment);
    c.provider = cut(c, c.provider);
    c.model = cut(c, c.model);
    c.requestModel = cut(c, c.requestModel);
    c.responseModel = cut(c, c.responseModel);
    c.operation = cut(c, c.operation);
    c.team = cut(c, c.team);
    c.apiKey = cut(c, c.apiKey);
    c.user = cut(c, c.user);
    c.endUser = cut(c, c.endUser);
    c.session = cut(c, c.session);
    c.agent = cut(c, c.agent);
    c.tool = cut(c, c.tool);
    c.workflow = cut(c, c.workflow);
    c.callId = cut(c, c.callId);
    c.responseId = cut(c, c.responseId);
    c.finishReason = cut(c, c.finishReason);
    c.errorType = cut(c, c.errorType);
    c.errorMessage = cut(c, c.errorMessage);
    c.serviceTier = cut(c, c.serviceTier);
    for (int i = 0; i < c.extra.length; i++) {
      c.extra[i] = cut(c, c.extra[i]);
    }
  }

  private static String cut(NormalizedSpan call, String text) {
    if (text.length() <= MAX_TEXT) {
      return text;
    }
    call.flags |= NormalizedSpan.TRUNCATED;
    // Never half of a surrogate pair.
    int end = Character.isHighSurrogate(text.charAt(MAX_TEXT - 1)) ? MAX_TEXT - 1 : MAX_TEXT;
    return text.substring(0, end);
  }
}
