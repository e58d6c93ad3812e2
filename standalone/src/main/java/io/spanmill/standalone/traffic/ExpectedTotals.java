/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.PicoUsd;
import java.math.BigInteger;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The exact figures that Spanmill must show for what was acknowledged, by the word of whoever made
 * it: nothing here has gone through Spanmill's own reading of spans. Costs are those of the price
 * books in {@code config/prices}. Safe for use by many threads.
 */
public final class ExpectedTotals {
  /** Figures of one layer, or of one model in it. */
  static final class Figures {
    long calls;
    long errors;
    long streaming;
    long cacheHits;
    long unpriced;
    Usage tokens = Usage.NONE;
    long savedTokens;
    BigInteger costPico = BigInteger.ZERO;
    BigInteger reportedPico = BigInteger.ZERO;

    void add(Fact fact, long times) {
      calls += times;
      errors += fact.error == ErrorClass.NONE ? 0 : times;
      streaming += fact.streaming ? times : 0;
      cacheHits += fact.cacheHit ? times : 0;
      unpriced += fact.unpriced ? times : 0;
      Usage used = fact.usage;
      tokens =
          new Usage(
              tokens.input() + used.input() * times,
              tokens.cacheRead() + used.cacheRead() * times,
              tokens.cacheWrite() + used.cacheWrite() * times,
              tokens.output() + used.output() * times,
              tokens.reasoning() + used.reasoning() * times);
      savedTokens += fact.savedTokens * times;
      costPico = costPico.add(product(fact.costPico, times));
      reportedPico = reportedPico.add(product(fact.reportedPico, times));
    }

    private static BigInteger product(long pico, long times) {
      return BigInteger.valueOf(Math.max(0, pico)).multiply(BigInteger.valueOf(times));
    }
  }

  private final Map<Layer, Figures> layers = new EnumMap<>(Layer.class);
  private final Map<String, Figures> gatewayModels = new TreeMap<>();
  private final Map<ErrorClass, Long> gatewayErrors = new EnumMap<>(ErrorClass.class);

  /** Counts what the spans of an acknowledged request tell, each fact once. */
  synchronized void acknowledge(TracePart part) {
    for (Fact fact : part.facts()) {
      if (fact.take()) {
        add(fact, 1);
      }
    }
  }

  /** Counts spans that were sent so often, each time under another trace id. */
  synchronized void acknowledgeTimes(TracePart part, long times) {
    part.facts().forEach(fact -> add(fact, times));
  }

  private void add(Fact fact, long times) {
    layers.computeIfAbsent(fact.layer, l -> new Figures()).add(fact, times);
    if (fact.layer == Layer.GATEWAY) {
      gatewayModels.computeIfAbsent(fact.model, m -> new Figures()).add(fact, times);
      if (fact.error != ErrorClass.NONE) {
        gatewayErrors.merge(fact.error, times, Long::sum);
      }
    }
  }

  synchronized Figures of(Layer layer) {
    return layers.getOrDefault(layer, new Figures());
  }

  synchronized Map<String, Figures> gatewayModels() {
    return new TreeMap<>(gatewayModels);
  }

  synchronized Map<ErrorClass, Long> gatewayErrors() {
    return new EnumMap<>(gatewayErrors);
  }

  /** All of it as JSON; money as decimal text in USD. */
  public synchronized ObjectNode toJson() {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    ObjectNode byLayer = out.putObject("layers");
    layers.forEach((layer, figures) -> byLayer.set(layer.label(), json(layer, figures)));
    ObjectNode errors = out.putObject("gatewayErrors");
    gatewayErrors.forEach((error, n) -> errors.put(error.label(), n));
    ObjectNode models = out.putObject("gatewayModels");
    gatewayModels.forEach((model, figures) -> models.set(model, json(Layer.GATEWAY, figures)));
    return out;
  }

  private static JsonNode json(Layer layer, Figures f) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.put("calls", f.calls).put("errors", f.errors);
    if (layer == Layer.GATEWAY_REQUEST) {
      return out;
    }
    out.put("cacheHits", f.cacheHits);
    ObjectNode tokens = out.putObject("tokens");
    tokens.put("input", f.tokens.input());
    tokens.put("cacheRead", f.tokens.cacheRead());
    tokens.put("cacheWrite", f.tokens.cacheWrite());
    tokens.put("output", f.tokens.output());
    tokens.put("reasoning", f.tokens.reasoning());
    tokens.put("total", f.tokens.total());
    tokens.put("saved", f.savedTokens);
    if (layer != Layer.ENGINE) {
      out.put("usd", PicoUsd.toUsd(f.costPico));
      out.put("reportedUsd", PicoUsd.toUsd(f.reportedPico));
      out.put("unpricedCalls", f.unpriced);
    }
    return out;
  }
}
