/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.normalize.SpanNormalizer;
import io.spanmill.aggregator.topology.SpanSource;
import io.spanmill.model.NormalizedSpan;

/** OTLP bytes as the job reads them. Not thread-safe. */
final class NormalizedSource implements SpanSource {
  private final SpanNormalizer normalizer;

  NormalizedSource(NormalizerConfig config) {
    normalizer = new SpanNormalizer(config);
  }

  @Override
  public void reset(byte[] value) {
    normalizer.reset(value);
  }

  @Override
  public boolean next(NormalizedSpan into) {
    return normalizer.next(into);
  }
}
