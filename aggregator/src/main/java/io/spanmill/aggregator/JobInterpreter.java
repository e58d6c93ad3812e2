/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.spanmill.aggregator.normalize.Normalizer;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.sink.SpanInterpreter;
import io.spanmill.aggregator.topology.CallBounds;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;
import io.spanmill.pricing.Pricer;

/** Tells the span sink what a span is, by the job's own rules. Not thread-safe. */
final class JobInterpreter implements SpanInterpreter {
  private final Normalizer normalizer;
  private final Pricer pricer;

  JobInterpreter(NormalizerConfig config, Pricer pricer) {
    normalizer = new Normalizer(config);
    this.pricer = pricer;
  }

  @Override
  public TraceReader newReader() {
    return new TraceReader(normalizer.keys());
  }

  @Override
  public void interpret(TraceReader reader, NormalizedSpan into) {
    try {
      normalizer.normalize(reader, into);
      normalizer.describe(reader, into);
    } catch (MalformedOtlpException e) {
      throw new IllegalArgumentException("malformed span: " + e.getMessage(), e);
    }
    if (into.layer != null) {
      CallBounds.apply(into);
      pricer.price(into);
    }
  }
}
