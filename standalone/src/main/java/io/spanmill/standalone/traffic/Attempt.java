/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import org.jspecify.annotations.Nullable;

/** One attempt to get an answer of a model, drawn once and told by every layer it passes. */
final class Attempt {
  private static final double MS = 1e6;
  private static final int MAX_INPUT = 60_000;
  private static final int MAX_OUTPUT = 8_000;

  final TrafficModel model;
  final @Nullable TrafficFailure failure;

  /** Answered from the proxy's response cache. */
  final boolean cacheHit;

  final boolean streaming;

  /** Whether the proxy tells what the call cost. */
  final boolean reportsCost;

  /** Nothing if it failed. */
  final Usage usage;

  final String responseId;
  final long firstTokenNanos;
  final long lengthNanos;

  private Attempt(
      TrafficModel model,
      @Nullable TrafficFailure failure,
      boolean cacheHit,
      boolean streaming,
      Dice dice) {
    this.model = model;
    this.failure = failure;
    this.cacheHit = cacheHit;
    this.streaming = streaming;
    this.reportsCost = !dice.percent(4);
    this.usage = failure == null ? drawUsage(model, dice) : Usage.NONE;
    this.responseId = "chatcmpl-" + dice.text(24);
    double slow = dice.logNormal(1, 0.45);
    this.firstTokenNanos = (long) ((model.firstTokenMs() + usage.prompt() * 0.02) * slow * MS);
    long answering = (long) (usage.completion() * model.tokenMs() * slow * MS);
    this.lengthNanos =
        cacheHit
            ? (long) (dice.logNormal(6, 0.3) * MS)
            : Math.max(firstTokenNanos + answering, (long) MS);
  }

  static Attempt succeeding(TrafficModel model, boolean streaming, Dice dice) {
    return new Attempt(model, null, false, streaming, dice);
  }

  static Attempt failing(TrafficModel model, TrafficFailure failure, boolean streaming, Dice dice) {
    return new Attempt(model, failure, false, streaming, dice);
  }

  static Attempt fromCache(TrafficModel model, boolean streaming, Dice dice) {
    return new Attempt(model, null, true, streaming, dice);
  }

  private static Usage drawUsage(TrafficModel model, Dice dice) {
    long prompt = 1 + (long) Math.min(MAX_INPUT, dice.logNormal(700, 1.1));
    if (model.equals(TrafficModel.EMBEDDING)) {
      return new Usage(prompt, 0, 0, 0, 0);
    }
    long completion = 2 + (long) Math.min(MAX_OUTPUT, dice.logNormal(180, 0.9));
    long read = 0;
    long write = 0;
    if (!model.ownEngine() && prompt > 1024 && dice.percent(45)) {
      // Providers cache prompts in steps.
      read = prompt * (30 + dice.below(60)) / 100 / 128 * 128;
      if (model.cacheWritePico() > 0 && dice.percent(30)) {
        write = (prompt - read) / 2;
      }
    }
    long reasoning = model.reasons() ? completion * (20 + dice.below(60)) / 100 : 0;
    return new Usage(prompt - read - write, read, write, completion - reasoning, reasoning);
  }
}
