/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.aggregator.PlainRollups;
import io.spanmill.aggregator.rollup.HeldBytes;
import io.spanmill.codec.CallBatchReader;
import io.spanmill.codec.EditionCut;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RecordFormat;
import io.spanmill.codec.Topics;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The job's topology in one partition, without a broker: what is sent to it, and all it wrote. */
abstract class TopologyCase {
  static final long NOON = 1_767_268_800_000L;

  @TempDir private Path stateDir;
  final List<NormalizedSpan> calls = new ArrayList<>();
  final List<byte[]> rows = new ArrayList<>();
  final List<ProgressMarker> callMarkers = new ArrayList<>();
  final List<EditionCut> cuts = new ArrayList<>();
  final List<ProgressMarker> rowMarkers = new ArrayList<>();
  volatile int wanted;
  MeterRegistry registry;
  JobMetrics metrics;
  TopologyTestDriver driver;
  TestInputTopic<byte[], byte[]> input;

  @BeforeEach
  void open() {
    open(1000);
  }

  @AfterEach
  void close() {
    driver.close();
  }

  void open(int cardinality) {
    registry = new SimpleMeterRegistry();
    metrics = new JobMetrics(registry);
    TopologyConfig config =
        new TopologyConfig(
            CubeSet.BUILT_IN,
            1,
            PackedSource::new,
            call -> {},
            "topics-1",
            new TopologyConfig.Limits(86_400_000, 100_000, cardinality, new HeldBytes(1 << 20)),
            TopologyConfig.Timing.of(Settings.of(Map.of())),
            metrics,
            () -> wanted);
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
    driver =
        new TopologyTestDriver(
            new RollupTopology(config).get(), properties, Instant.ofEpochMilli(NOON));
    input =
        driver.createInputTopic(Topics.SPANS, new ByteArraySerializer(), new ByteArraySerializer());
  }

  void send(long arrivalMs, List<NormalizedSpan> spans) {
    send(arrivalMs, PackedSource.value(spans));
  }

  void send(long arrivalMs, byte[] value) {
    input.pipeInput(null, value, arrivalMs);
  }

  /** Lets every emission come due and reads all outputs. */
  void settle() {
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    driver.advanceWallClockTime(Duration.ofSeconds(40));
    read();
  }

  void read() {
    TestOutputTopic<byte[], byte[]> callsOut =
        driver.createOutputTopic(
            Topics.CALLS, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    CallBatchReader reader = new CallBatchReader();
    for (byte[] value : callsOut.readValuesToList()) {
      if (RecordFormat.of(value) == RecordFormat.CUT) {
        cuts.add(EditionCut.decode(value));
        continue;
      }
      if (RecordFormat.of(value) == RecordFormat.MARKER) {
        callMarkers.add(ProgressMarker.decode(value));
        continue;
      }
      reader.reset(value);
      NormalizedSpan call = new NormalizedSpan();
      while (reader.nextCall(call)) {
        calls.add(call.copy());
      }
    }
    for (byte[] value : rollupRecords()) {
      if (RecordFormat.of(value) == RecordFormat.MARKER) {
        rowMarkers.add(ProgressMarker.decode(value));
      } else {
        rows.add(value);
      }
    }
  }

  List<byte[]> rollupRecords() {
    return driver
        .createOutputTopic(Topics.ROLLUPS, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readValuesToList();
  }

  Rollup summary(WindowKind kind, long atMs) {
    return PlainRollups.ofRecords(rows)
        .get(
            new PlainRollups.Series(
                "summary", kind, kind.startOf(atMs), List.of("default", "gateway")));
  }

  double count(String name) {
    return registry.get("spanmill.aggregator." + name).counter().count();
  }

  static <T> T lastOf(List<T> list) {
    return list.get(list.size() - 1);
  }

  static NormalizedSpan call(long spanId) {
    NormalizedSpan call = new NormalizedSpan();
    call.layer = Layer.GATEWAY;
    call.traceIdHi = 1;
    call.traceIdLo = spanId;
    call.spanId = spanId;
    call.callId = "c" + spanId;
    call.model = "gpt-4o";
    call.inputTokens = 10;
    call.outputTokens = 20;
    call.startEpochNanos = (NOON - 1000) * 1_000_000;
    call.endEpochNanos = NOON * 1_000_000;
    call.eventTimeMs = NOON;
    call.durationMicros = 1_000_000;
    return call;
  }
}
