/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The counters of ingest. Whenever no request is under way these hold:
 *
 * <ul>
 *   <li>{@code spanmill_ingest_requests_received_total} = sum over outcomes of {@code
 *       spanmill_ingest_requests_total}
 *   <li>{@code spanmill_ingest_spans_received_total} = {@code spanmill_ingest_spans_produced_total}
 *       (acknowledged by Kafka) + {@code spanmill_ingest_spans_rejected_total} (bad for good, told
 *       by partial success) + {@code spanmill_ingest_spans_refused_total} (told to retry, or over
 *       the limit of spans)
 *   <li>sum of {@code spanmill_ingest_record_chunks} = chunks of all requests that were sent
 * </ul>
 *
 * Spans count as received once their body was read as OTLP, or once they were found to be too many;
 * the spans of a body that cannot be read are nobody's to count. The bridge has counters of its
 * own. Thread-safe.
 */
public final class IngestMetrics {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<Protocol, Counter> received = new EnumMap<>(Protocol.class);
  private final Map<Protocol, Map<Outcome.Kind, Counter>> outcomes = new EnumMap<>(Protocol.class);
  private final Counter spansReceived = counter("spans.received");
  private final Counter spansProduced = counter("spans.produced");
  private final Counter spansRejected = counter("spans.rejected");
  private final Counter spansRefused = counter("spans.refused");
  private final Counter spansCut = counter("spans.cut");
  private final Counter wireBytes = counter("bytes.received");
  private final Counter bodyBytes = counter("bytes.decoded");
  private final Counter connectionsRefused = counter("connections.refused");
  private final Counter connectionsTimedOut = counter("connections.timed_out");
  private final Counter connectionsIdle = counter("connections.idle");
  private final Counter headsRefused = counter("heads.refused");
  private final DistributionSummary recordChunks =
      DistributionSummary.builder("spanmill.ingest.record.chunks").register(registry);
  private final Timer duration =
      Timer.builder("spanmill.ingest.request.duration")
          .publishPercentileHistogram()
          .minimumExpectedValue(java.time.Duration.ofMillis(1))
          .maximumExpectedValue(java.time.Duration.ofSeconds(10))
          .register(registry);

  public IngestMetrics(Admission admission) {
    for (Protocol protocol : Protocol.values()) {
      received.put(
          protocol,
          registry.counter("spanmill.ingest.requests.received", "protocol", protocol.label()));
      Map<Outcome.Kind, Counter> byKind = new EnumMap<>(Outcome.Kind.class);
      for (Outcome.Kind kind : Outcome.Kind.values()) {
        byKind.put(
            kind,
            registry.counter(
                "spanmill.ingest.requests", "protocol", protocol.label(), "outcome", kind.label()));
      }
      outcomes.put(protocol, byKind);
    }
    Gauge.builder("spanmill.ingest.inflight.bytes", admission, Admission::bytes).register(registry);
    Gauge.builder("spanmill.ingest.inflight.requests", admission, Admission::requests)
        .register(registry);
  }

  public PrometheusMeterRegistry registry() {
    return registry;
  }

  /** A request began. */
  public void received(Protocol protocol) {
    counterOf(received, protocol).increment();
  }

  /** A request ended. */
  public void ended(Protocol protocol, Outcome.Kind kind, long nanos) {
    counterOf(counterOf(outcomes, protocol), kind).increment();
    duration.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A record was sent that joins this many chunks. */
  public void packed(int chunks) {
    recordChunks.record(chunks);
  }

  /** A connection over the limit was closed. */
  public void connectionRefused() {
    connectionsRefused.increment();
  }

  /** A connection was closed that took too long over a request's head. */
  public void connectionTimedOut() {
    connectionsTimedOut.increment();
  }

  /** A connection was closed after the idle time. */
  void connectionIdle() {
    connectionsIdle.increment();
  }

  /** A head was refused before there was a request: too large, or no HTTP. */
  public void headRefused() {
    headsRefused.increment();
  }

  void bytes(long wire, long body) {
    wireBytes.increment(wire);
    bodyBytes.increment(body);
  }

  void spans(long all, long rejected, long cut) {
    spansReceived.increment(all);
    spansRejected.increment(rejected);
    spansCut.increment(cut);
  }

  void produced(long spans) {
    spansProduced.increment(spans);
  }

  void refused(long spans) {
    spansRefused.increment(spans);
  }

  private Counter counter(String name) {
    return registry.counter("spanmill.ingest." + name);
  }

  private static <K, V> V counterOf(Map<K, V> map, K key) {
    V value = map.get(key);
    if (value == null) {
      throw new IllegalStateException("no counter for " + key);
    }
    return value;
  }
}
