/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One thing that counts: a call in a layer, or a gateway request. Known by whoever made the spans
 * that tell of it, each of which carries it; it counts once, when the first of them is taken.
 */
final class Fact {
  final Layer layer;
  final String model;
  final ErrorClass error;
  final boolean cacheHit;
  final boolean streaming;

  /** Zero on a cache hit, whose tokens are saved. */
  final Usage usage;

  final long savedTokens;

  /** Picodollars by the sender's word; -1 without. */
  final long reportedPico;

  /** Picodollars by its word or, without one, by list price; -1 without either. */
  final long costPico;

  final boolean unpriced;
  private final AtomicBoolean taken = new AtomicBoolean();

  private Fact(
      Layer layer, Attempt attempt, Usage told, boolean hit, long reportedPico, long listPico) {
    this.layer = layer;
    this.model = attempt.model.name();
    this.error = attempt.failure == null ? ErrorClass.NONE : attempt.failure.errorClass;
    this.cacheHit = hit;
    this.streaming = attempt.streaming;
    this.usage = hit ? Usage.NONE : told;
    this.savedTokens = hit ? told.total() : 0;
    this.reportedPico = hit ? 0 : reportedPico;
    this.costPico = hit ? 0 : reportedPico >= 0 ? reportedPico : listPico;
    this.unpriced =
        layer != Layer.ENGINE && error == ErrorClass.NONE && costPico < 0 && told.total() > 0;
  }

  private Fact(ErrorClass error) {
    this.layer = Layer.GATEWAY_REQUEST;
    this.model = "";
    this.error = error;
    this.cacheHit = false;
    this.streaming = false;
    this.usage = Usage.NONE;
    this.savedTokens = 0;
    this.reportedPico = -1;
    this.costPico = -1;
    this.unpriced = false;
  }

  /** A user's request to the gateway, whatever calls it took. */
  static Fact request(ErrorClass error) {
    return new Fact(error);
  }

  /**
   * A call as the gateway tells it.
   *
   * @param told the usage it tells
   */
  static Fact gatewayCall(Attempt attempt, Usage told) {
    long list = listPico(attempt, told);
    long reported = attempt.reportsCost && list >= 0 ? list : -1;
    return new Fact(Layer.GATEWAY, attempt, told, attempt.cacheHit, reported, list);
  }

  /** A call as an SDK tells it, which knows neither cost nor the gateway's cache. */
  static Fact clientCall(Attempt attempt, Usage told) {
    return new Fact(Layer.CLIENT, attempt, told, false, -1, listPico(attempt, told));
  }

  static Fact engineCall(Attempt attempt, Usage told) {
    return new Fact(Layer.ENGINE, attempt, told, false, -1, -1);
  }

  private static long listPico(Attempt attempt, Usage told) {
    return attempt.failure == null && attempt.model.priced() ? told.costPico(attempt.model) : -1;
  }

  /** True the first time. */
  boolean take() {
    return taken.compareAndSet(false, true);
  }
}
