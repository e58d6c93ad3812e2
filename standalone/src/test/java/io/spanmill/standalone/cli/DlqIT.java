/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.spanmill.aggregator.AggregatorService;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.CallBatchWriter;
import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.ExampleTraces;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import picocli.CommandLine;

/** Dead letters from being set aside to being sent again, beside a running aggregator. */
class DlqIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static Settings settings;
  private static AggregatorService aggregator;
  private static ClickHouse clickHouse;
  private static KafkaProducer<byte[], byte[]> producer;

  private record Run(int code, String out) {}

  @BeforeAll
  static void start() throws Exception {
    settings =
        servers.settings(
            Map.of(
                Keys.KAFKA_PARTITIONS,
                "2",
                Keys.PRICES_PATHS,
                Path.of("..", "config", "prices").toString()));
    aggregator = AggregatorService.start(settings);
    clickHouse = ClickHouse.open(settings);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers.bootstrap()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    Awaitility.await().atMost(LIMIT).until(aggregator::ready);
  }

  @AfterAll
  static void stop() {
    producer.close();
    clickHouse.close();
    aggregator.close();
  }

  @Test
  void undecodableRecord_isListedShownAndRefusedAgain() throws Exception {
    ProducerRecord<byte[], byte[]> bad =
        new ProducerRecord<>(Topics.SPANS, 1, null, new byte[] {1, 2, 3});
    bad.headers().add(Topics.PROJECT_HEADER, utf8("garbled"));
    long offset = producer.send(bad).get(60, TimeUnit.SECONDS).offset();
    String source = "otlp_spans/1:" + offset;

    // Set aside by the job, and by the sink of spans for itself.
    Awaitility.await().atMost(LIMIT).until(() -> letters(source).size() == 2);
    DeadLetters.Letter letter = letters(source).get(0);
    assertThat(letter.project()).isEqualTo("garbled");
    assertThat(letter.sizeBytes()).isEqualTo(3);
    assertThat(dlq("list").out()).contains(source).contains(" dead letters, ");
    Run show = dlq("show", letter.id());
    assertThat(show.code()).isEqualTo(ExitCode.OK);
    assertThat(show.out()).contains("source   " + source).contains("01 02 03");
    Run redrive = dlq("redrive", letter.id());
    assertThat(redrive.code()).isEqualTo(ExitCode.FAILED);
    assertThat(redrive.out()).contains(letter.id() + " refused, no export request");
    assertThat(letters(source).get(0).sentAgain()).isNull();
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        clickHouse
                            .query(
                                Sql.of(
                                    "SELECT value FROM status FINAL WHERE name = 'dead_letters'"))
                            .get(0)
                            .getString("value"))
                    .contains("\"project\":\"garbled\""));
  }

  @Test
  void requestSetAsideByTheJob_isCountedOnceHoweverOftenItIsSentAgain() throws Exception {
    String id = setAside("repaired", LetterHeaders.JOB, Topics.SPANS, 0, request(1));
    assertThat(dlq("redrive", id).out()).contains(id + " sent again");
    Awaitility.await().atMost(LIMIT).until(() -> spans("repaired") > 0 && calls("repaired") > 0);
    long calls = calls("repaired");

    Run again = dlq("redrive", id);
    assertThat(again.code()).isEqualTo(ExitCode.OK);
    assertThat(again.out()).contains("left alone");
    assertThat(dlq("redrive", "--again", id).out()).contains(id + " sent again");
    assertThat(dlq("list").out()).contains("(sent again ");
    awaitAllRead();
    assertThat(calls("repaired")).isEqualTo(calls);
  }

  @Test
  void requestSetAsideByASink_isStoredAndNotCounted() throws Exception {
    String id = setAside("stored", LetterHeaders.SINK + "spans", Topics.SPANS, 1, request(2));
    assertThat(dlq("redrive", id).code()).isEqualTo(ExitCode.OK);
    Awaitility.await().atMost(LIMIT).until(() -> spans("stored") > 0);
    awaitAllRead();
    assertThat(calls("stored")).isZero();
  }

  @Test
  void rowSetAsideByASink_isWrittenOnceHoweverOftenItIsSentAgain() throws Exception {
    NormalizedSpan call = new NormalizedSpan();
    call.project = "row";
    call.layer = Layer.GATEWAY;
    call.traceIdHi = call.traceIdLo = call.spanId = 9;
    call.arrivalMs = call.eventTimeMs = 1_795_000_000_000L;
    CallBatchWriter batch = new CallBatchWriter();
    batch.begin(1, 0, call.arrivalMs);
    batch.add(call);
    String id = setAside("row", LetterHeaders.SINK + "calls", Topics.CALLS, 1, batch.finish());
    assertThat(dlq("redrive", id, id).out()).contains("sent again").contains("left alone");
    assertThat(dlq("redrive", "--again", id).code()).isEqualTo(ExitCode.OK);
    Awaitility.await().atMost(LIMIT).until(() -> calls("row") > 0);
    assertThat(calls("row")).isEqualTo(1);
  }

  @Test
  void requestOfABridge_isCountedInItsProject() throws Exception {
    String id = setAside("bridged", LetterHeaders.BRIDGE, "collector_spans", 0, request(3));
    assertThat(dlq("redrive", id).code()).isEqualTo(ExitCode.OK);
    Awaitility.await().atMost(LIMIT).until(() -> calls("bridged") > 0);
    byte[] json = Files.readAllBytes(Path.of("..", "docs", "examples", "first-trace.json"));
    String ofJson = setAside("bridged-json", LetterHeaders.BRIDGE, "collector_json", 0, json);
    assertThat(dlq("redrive", ofJson).code()).isEqualTo(ExitCode.OK);
    Awaitility.await().atMost(LIMIT).until(() -> calls("bridged-json") > 0);
  }

  @Test
  void letterWithoutItsValue_isReadFromItsTopic_orSaidToBeGone() throws Exception {
    String topic = "collector_json_large";
    int bytes = 3 * settings.integer(Keys.KAFKA_RECORD_MAX_BYTES);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
      NewTopic large = new NewTopic(topic, 1, (short) 1);
      large.configs(Map.of("max.message.bytes", Integer.toString(2 * bytes)));
      admin.createTopics(List.of(large)).all().get(60, TimeUnit.SECONDS);
    }
    String json = Files.readString(Path.of("..", "docs", "examples", "first-trace.json"));
    // A field nobody knows: OTLP/JSON ignores it, but as a record it is too large to be copied.
    String padded = "{\"padding\":\"" + "x".repeat(bytes) + "\"," + json.strip().substring(1);
    try (KafkaProducer<byte[], byte[]> sender =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers.bootstrap(), "max.request.size", 2 * bytes),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      sender.send(new ProducerRecord<>(topic, utf8("first"))).get(60, TimeUnit.SECONDS);
      sender.send(new ProducerRecord<>(topic, utf8(padded))).get(60, TimeUnit.SECONDS);
      sender.send(new ProducerRecord<>(topic, swelling())).get(60, TimeUnit.SECONDS);
    }
    String id = setAside("large", LetterHeaders.BRIDGE, topic, 0, 1, new byte[0]);
    assertThat(dlq("redrive", id).out()).contains(id + " sent again");
    Awaitility.await().atMost(LIMIT).until(() -> calls("large") > 0);

    Run swelling = dlq("redrive", setAside("l", LetterHeaders.BRIDGE, topic, 0, 2, new byte[0]));
    assertThat(swelling.code()).isEqualTo(ExitCode.FAILED);
    assertThat(swelling.out())
        .contains("records of " + settings.integer(Keys.KAFKA_RECORD_MAX_BYTES))
        .contains(Keys.KAFKA_RECORD_MAX_BYTES + " higher")
        .contains("resource attributes");

    for (String gone :
        List.of(
            setAside("large", LetterHeaders.BRIDGE, topic, 0, 3, new byte[0]),
            setAside("large", LetterHeaders.BRIDGE, "no_such_topic", 0, 0, new byte[0]))) {
      Run redrive = dlq("redrive", gone);
      assertThat(redrive.code()).isEqualTo(ExitCode.FAILED);
      assertThat(redrive.out()).contains("without its value").contains("not there any more");
    }
  }

  @Test
  void idsThatAreNone_areSaidSo() {
    assertThat(dlq("show", "0:123456").code()).isEqualTo(ExitCode.USAGE);
    assertThat(dlq("show", "9:0").code()).isEqualTo(ExitCode.USAGE);
    assertThat(dlq("show", "first").code()).isEqualTo(ExitCode.USAGE);
    assertThat(dlq("redrive").code()).isEqualTo(ExitCode.USAGE);
    assertThat(dlq("redrive", "--all", "0:0").code()).isEqualTo(ExitCode.USAGE);
  }

  /** Waits until the job and its sinks are past all that was sent. */
  private static void awaitAllRead() throws Exception {
    for (int partition = 0; partition < 2; partition++) {
      ProducerRecord<byte[], byte[]> last =
          new ProducerRecord<>(Topics.SPANS, partition, null, new byte[0]);
      long offset = producer.send(last).get(60, TimeUnit.SECONDS).offset();
      int p = partition;
      Awaitility.await()
          .atMost(LIMIT)
          .until(
              () ->
                  clickHouse.number(
                          Sql.of(
                                  "SELECT toUInt64(ifNull(max(source_offset), 0)) FROM progress"
                                      + " FINAL WHERE kind = 'calls' AND source_partition ="
                                      + " {p:Int32}")
                              .with("p", p))
                      > offset);
    }
  }

  /** A request whose resource leaves room for two spans a record. */
  private static byte[] swelling() {
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    ResourceSpans.Builder resource = request.addResourceSpansBuilder();
    resource
        .getResourceBuilder()
        .addAttributesBuilder()
        .setKey("large")
        .getValueBuilder()
        .setStringValue("x".repeat(settings.integer(Keys.KAFKA_RECORD_MAX_BYTES) - 2000));
    ScopeSpans.Builder scope = resource.addScopeSpansBuilder();
    for (int i = 1; i <= 60; i++) {
      byte[] trace = new byte[16];
      trace[15] = (byte) i;
      scope
          .addSpansBuilder()
          .setTraceId(ByteString.copyFrom(trace))
          .setSpanId(ByteString.copyFrom(trace, 8, 8))
          .setName("x".repeat(800));
    }
    return request.build().toByteArray();
  }

  private static String setAside(
      String project, String by, String topic, int partition, byte[] value) throws Exception {
    return setAside(project, by, topic, partition, 4711, value);
  }

  private static String setAside(
      String project, String by, String topic, int partition, long offset, byte[] value)
      throws Exception {
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(Topics.DEAD_LETTERS, partition, null, value);
    letter
        .headers()
        .add(Topics.PROJECT_HEADER, utf8(project))
        .add(LetterHeaders.BY, utf8(by))
        .add(LetterHeaders.REASON, utf8("a fault mended since"))
        .add(LetterHeaders.TOPIC, utf8(topic))
        .add(LetterHeaders.PARTITION, utf8(Integer.toString(partition)))
        .add(LetterHeaders.OFFSET, utf8(Long.toString(offset)));
    return partition + ":" + producer.send(letter).get(60, TimeUnit.SECONDS).offset();
  }

  private static byte[] request(long seed) {
    List<ResourceSpans> trace =
        new ExampleTraces(seed, "dlq").next(System.currentTimeMillis() * 1_000_000);
    return ExportTraceServiceRequest.newBuilder().addAllResourceSpans(trace).build().toByteArray();
  }

  private static List<DeadLetters.Letter> letters(String source) {
    return new DeadLetters(settings)
        .list().stream().filter(letter -> letter.source().equals(source)).toList();
  }

  private static Run dlq(String... arguments) {
    StringWriter out = new StringWriter();
    CommandLine command =
        SpanmillCommand.line().setOut(new PrintWriter(out)).setErr(new PrintWriter(out));
    String[] all = new String[arguments.length + 3];
    all[0] = "dlq";
    all[1] = arguments[0];
    all[2] = "--set=" + Keys.KAFKA_BOOTSTRAP + "=" + servers.bootstrap();
    all[3] = "--data=" + servers.dir();
    System.arraycopy(arguments, 1, all, 4, arguments.length - 1);
    return new Run(command.execute(all), out.toString());
  }

  private static long calls(String project) {
    return count("calls", project);
  }

  private static long spans(String project) {
    return count("spans", project);
  }

  private static long count(String table, String project) {
    return clickHouse.number(
        Sql.of("SELECT count() FROM " + table + " FINAL WHERE project = {project:String}")
            .with("project", project));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
