/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;

/**
 * Ingest's own figures. Equations that hold whenever no request is being served:
 *
 * <ul>
 *   <li>requests = sum of requests by outcome
 *   <li>spans received = spans produced + spans rejected + spans refused, where rejected ones are
 *       bad for good (partial success) and refused ones were answered with an error after they were
 *       counted
 * </ul>
 */
final class IngestMetrics {
  private final MeterRegistry registry;
  private final Counter received;
  private final Counter produced;
  private final Counter rejected;
  private final Counter refused;
  private final Counter cut;
  private final Counter bytes;
  private final Counter failures;
  private final DistributionSummary recordBytes;
  private final DistributionSummary chunksPerRecord;
  private final Timer acknowledged;

  IngestMetrics(MeterRegistry registry, Admission admission) {
    this.registry = registry;
    received = counter("spans.received", "Spans of requests that could be read");
    produced = counter("spans.produced", "Spans the brokers acknowledged");
    rejected = counter("spans.rejected", "Spans that can never be taken");
    refused = counter("spans.refused", "Spans of requests answered with an error");
    cut = counter("spans.cut", "Spans that were shortened to fit");
    bytes = counter("request.bytes", "Decompressed bytes of requests");
    failures = counter("produce.failures", "Records the brokers did not acknowledge");
    recordBytes =
        DistributionSummary.builder("spanmill.ingest.record.bytes")
            .description("Sizes of records")
            .register(registry);
    chunksPerRecord =
        DistributionSummary.builder("spanmill.ingest.record.chunks")
            .description("Requests that share a record")
            .register(registry);
    acknowledged =
        Timer.builder("spanmill.ingest.request.duration")
            .description("From the whole request to its answer")
            .publishPercentileHistogram()
            .maximumExpectedValue(Duration.ofSeconds(30))
            .register(registry);
    Gauge.builder("spanmill.ingest.inflight.bytes", admission, Admission::bytes)
        .description("Bytes of requests being served")
        .register(registry);
    Gauge.builder("spanmill.ingest.inflight.requests", admission, Admission::requests)
        .description("Requests being served")
        .register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder("spanmill.ingest." + name).description(description).register(registry);
  }

  void request(String protocol, Outcome.Kind kind) {
    registry
        .counter(
            "spanmill.ingest.requests",
            "protocol",
            protocol,
            "outcome",
            kind.name().toLowerCase(Locale.ROOT))
        .increment();
  }

  void received(int spans, int requestBytes) {
    received.increment(spans);
    bytes.increment(requestBytes);
  }

  void accepted(int spansProduced, int spansRejected, int spansCut) {
    produced.increment(spansProduced);
    rejected.increment(spansRejected);
    cut.increment(spansCut);
  }

  void refused(int spans) {
    refused.increment(spans);
  }

  void record(int size, int chunks) {
    recordBytes.record(size);
    chunksPerRecord.record(chunks);
  }

  void produceFailure() {
    failures.increment();
  }

  void duration(long nanos) {
    acknowledged.record(Duration.ofNanos(nanos));
  }
}
