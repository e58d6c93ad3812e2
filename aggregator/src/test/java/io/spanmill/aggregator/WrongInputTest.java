/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.rollup.HeldBytes;
import io.spanmill.aggregator.topology.JobMetrics;
import io.spanmill.aggregator.topology.RollupTopology;
import io.spanmill.aggregator.topology.TopologyConfig;
import io.spanmill.codec.CallBatchReader;
import io.spanmill.codec.RecordFormat;
import io.spanmill.codec.Topics;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table "Wrong input" of docs/normalisation.md, row by row, through the whole job. */
class WrongInputTest {
  private static final long NOON = 1_795_000_050_000L;
  private static final long NANOS = 1_000_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final long YEAR_2099 = 4_070_908_800_000L * NANOS;

  @TempDir private Path stateDir;
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final List<NormalizedSpan> calls = new ArrayList<>();
  private final List<byte[]> rows = new ArrayList<>();
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> input;

  @BeforeEach
  void open() {
    TopologyConfig config =
        new TopologyConfig(
            CubeSet.BUILT_IN,
            1,
            () -> new NormalizedSource(NormalizerConfig.defaults()),
            call -> {},
            "topics",
            new TopologyConfig.Limits(86_400_000, 100_000, 1000, new HeldBytes(1 << 20)),
            TopologyConfig.Timing.of(Settings.of(Map.of())),
            new JobMetrics(registry),
            () -> 0);
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "wrong-input");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
    driver =
        new TopologyTestDriver(
            new RollupTopology(config).get(), properties, Instant.ofEpochMilli(NOON));
    input =
        driver.createInputTopic(Topics.SPANS, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void close() {
    driver.close();
  }

  @ParameterizedTest
  @CsvSource({
    // start, end (seconds from noon, or a year), duration in ms, flags
    "-2,    2099, 0,    bad_time;bad_duration",
    "-2,    1970, 0,    bad_time;end_before_start",
    "-2,    none, 0,    bad_time;bad_duration",
    "1970,  -1,   0,    bad_duration",
    "none,  -1,   0,    bad_duration",
    "-1,    -2,   0,    end_before_start",
    "-1,    -1,   0,    ''",
    "-3,    -1,   2000, ''",
  })
  void times_haveOneOutcomeEach_andDisturbNoOther(
      String start, String end, long durationMs, String flags) {
    send(span(1, -3, -1));
    send(span(2, 0, 0).setStartTimeUnixNano(time(start)).setEndTimeUnixNano(time(end)));
    settle();
    NormalizedSpan call = calls.get(1);
    assertThat(call.durationMicros).isEqualTo(durationMs * 1000);
    assertThat(call.eventTimeMs).isBetween(NOON - 3000, NOON);
    for (String flag : List.of("bad_time", "bad_duration", "end_before_start")) {
      assertThat(flagged(flag)).as(flag).isEqualTo(flags.contains(flag) ? 1 : 0);
    }
    Rollup minute = summary(WindowKind.MINUTE, NOON - 1);
    assertThat(minute.calls).isEqualTo(2);
    assertThat(minute.duration.maxMicros).isEqualTo(2_000_000);
  }

  @Test
  void wrongClock_thatShiftsBothTimes_keepsTheDuration() {
    send(span(1, 0, 0).setStartTimeUnixNano(YEAR_2099).setEndTimeUnixNano(YEAR_2099 + 3 * SECOND));
    settle();
    assertThat(calls.get(0).durationMicros).isEqualTo(3_000_000);
    assertThat(calls.get(0).eventTimeMs).isEqualTo(NOON);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 40, 400, 2000})
  void lateByDays_countsInItsOwnWindows(long days) {
    long at = NOON * NANOS - days * 86_400 * SECOND;
    send(span(1, 0, 0).setStartTimeUnixNano(at - SECOND).setEndTimeUnixNano(at));
    send(span(2, -2, -1));
    settle();
    assertThat(flagged("bad_time")).isZero();
    assertThat(summary(WindowKind.MINUTE, at / NANOS).calls).isEqualTo(1);
    assertThat(summary(WindowKind.DAY, at / NANOS).calls).isEqualTo(1);
    assertThat(summary(WindowKind.MINUTE, NOON - 1000).calls).isEqualTo(1);
    assertThat(summary(WindowKind.ALL, 0).calls).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void outOfOrder_givesTheSameSums(long seed) {
    List<Span.Builder> spans = new ArrayList<>();
    for (int i = 1; i <= 30; i++) {
      Span.Builder span = span(i, -i * 7L, -i * 7L + 3);
      span.addAttributes(number("gen_ai.usage.input_tokens", i));
      spans.add(span);
    }
    Collections.shuffle(spans, new Random(seed));
    spans.forEach(span -> send(span));
    settle();
    Rollup all = summary(WindowKind.ALL, 0);
    assertThat(all.calls).isEqualTo(30);
    assertThat(all.inputTokens).isEqualTo(465);
    assertThat(all.duration.maxMicros).isEqualTo(3_000_000);
    assertThat(summary(WindowKind.MINUTE, NOON - 190_000).calls)
        .isEqualTo(
            spans.stream()
                .filter(
                    s ->
                        WindowKind.MINUTE.startOf(s.getEndTimeUnixNano() / NANOS)
                            == WindowKind.MINUTE.startOf(NOON - 190_000))
                .count());
  }

  @Test
  void missingIds_areNeverCounted() {
    send(span(1, -2, -1).setTraceId(ByteString.copyFrom(new byte[16])));
    send(span(2, -2, -1).setTraceId(ByteString.copyFrom(new byte[] {1, 2, 3})));
    send(span(3, -2, -1).setSpanId(ByteString.EMPTY));
    send(span(4, -2, -1));
    settle();
    assertThat(calls).hasSize(1);
    assertThat(count("spanmill.aggregator.spans.without.ids")).isEqualTo(3);
    assertThat(summary(WindowKind.ALL, 0).calls).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-5", "1000000000000001", "1e300"})
  void absurdTokens_areAbsent_andTheOthersStay(String told) {
    Span.Builder span = span(1, -2, -1).addAttributes(text("gen_ai.usage.input_tokens", told));
    send(span.addAttributes(number("gen_ai.usage.output_tokens", 20)));
    send(
        span(2, -2, -1)
            .addAttributes(number("gen_ai.usage.input_tokens", 7))
            .addAttributes(number("gen_ai.usage.output_tokens", 5)));
    settle();
    assertThat(calls.get(0).inputTokens).isEqualTo(NormalizedSpan.ABSENT);
    assertThat(flagged("bad_usage")).isEqualTo(1);
    Rollup all = summary(WindowKind.ALL, 0);
    assertThat(all.inputTokens).isEqualTo(7);
    assertThat(all.outputTokens).isEqualTo(25);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, -0.01, 1_000_001})
  void absurdCost_isNone_andTheOthersStay(double told) {
    send(span(1, -2, -1).addAttributes(real("gen_ai.usage.cost", told)));
    send(span(2, -2, -1).addAttributes(real("gen_ai.usage.cost", 0.25)));
    settle();
    assertThat(calls.get(0).reportedPicoUsd).isEqualTo(PicoUsd.ABSENT);
    assertThat(calls.get(1).reportedPicoUsd).isEqualTo(250_000_000_000L);
    assertThat(flagged("bad_cost")).isEqualTo(1);
  }

  @Test
  void hugeAttributes_areNoMatterForTheFigures_andCutWhereACallKeepsThem() {
    String huge = "x".repeat(10 << 20);
    send(
        span(1, -2, -1)
            .addAttributes(text("gen_ai.prompt.0.content", huge))
            .addAttributes(text("user.id", huge))
            .addAttributes(number("gen_ai.usage.input_tokens", 9)));
    settle();
    assertThat(calls.get(0).user).hasSize(1024);
    assertThat(calls.get(0).inputTokens).isEqualTo(9);
    assertThat(flagged("truncated")).isEqualTo(1);
  }

  private static long time(String told) {
    return switch (told) {
      case "none" -> 0;
      case "1970" -> 5 * SECOND;
      case "2099" -> YEAR_2099;
      default -> NOON * NANOS + Long.parseLong(told) * SECOND;
    };
  }

  /** A chat of the client layer, from and to so many seconds after noon. */
  private static Span.Builder span(long id, long fromSeconds, long toSeconds) {
    return Span.newBuilder()
        .setTraceId(ByteString.copyFrom(ByteBuffer.allocate(16).putLong(7).putLong(id).array()))
        .setSpanId(ByteString.copyFrom(ByteBuffer.allocate(8).putLong(id).array()))
        .setName("chat")
        .setStartTimeUnixNano(NOON * NANOS + fromSeconds * SECOND)
        .setEndTimeUnixNano(NOON * NANOS + toSeconds * SECOND)
        .addAttributes(text("gen_ai.operation.name", "chat"))
        .addAttributes(text("gen_ai.request.model", "gpt-4o-mini"));
  }

  private static KeyValue text(String key, String value) {
    return attribute(key, AnyValue.newBuilder().setStringValue(value));
  }

  private static KeyValue number(String key, long value) {
    return attribute(key, AnyValue.newBuilder().setIntValue(value));
  }

  private static KeyValue real(String key, double value) {
    return attribute(key, AnyValue.newBuilder().setDoubleValue(value));
  }

  private static KeyValue attribute(String key, AnyValue.Builder value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private void send(Span.Builder span) {
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    request.addResourceSpansBuilder().addScopeSpansBuilder().addSpans(span);
    input.pipeInput(null, request.build().toByteArray(), NOON);
  }

  private void settle() {
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    driver.advanceWallClockTime(Duration.ofSeconds(40));
    CallBatchReader reader = new CallBatchReader();
    for (byte[] value : read(Topics.CALLS)) {
      if (RecordFormat.of(value) != RecordFormat.MARKER) {
        reader.reset(value);
        NormalizedSpan call = new NormalizedSpan();
        while (reader.nextCall(call)) {
          calls.add(call.copy());
        }
      }
    }
    for (byte[] value : read(Topics.ROLLUPS)) {
      if (RecordFormat.of(value) != RecordFormat.MARKER) {
        rows.add(value);
      }
    }
  }

  private List<byte[]> read(String topic) {
    return driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readValuesToList();
  }

  private Rollup summary(WindowKind kind, long atMs) {
    return PlainRollups.ofRecords(rows)
        .get(
            new PlainRollups.Series(
                "summary", kind, kind.startOf(atMs), List.of("default", "client")));
  }

  private double flagged(String flag) {
    return registry.get("spanmill.aggregator.spans.flagged").tag("flag", flag).counter().count();
  }

  private double count(String name) {
    return registry.get(name).counter().count();
  }
}
