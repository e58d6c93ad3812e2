/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.client.grpc.GrpcClients;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.OtlpJson;
import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/**
 * The eight example exports through the whole of Spanmill, over any broker and any ClickHouse:
 * subclasses bring the servers. What is expected was read off the files by hand.
 */
abstract class ExamplesPipeline {
  private static final Path FOLDER = Path.of("../aggregator/src/test/resources/otlp");

  /** The day of all of them. */
  private static final String DAY = "from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z";

  private static final int SPANS = 29;

  /** Span, layer, model, outcome, uncached input, cache read, output, saved, cost. */
  private static final List<String> CALLS =
      List.of(
          "eee19b7ec3c1b174 gateway gpt-4o-mini-2024-07-18 ok 176 1024 85 0 0.0001542",
          "b7ad6b7169203332 gateway gpt-4o-mini-2024-07-18 ok 176 1024 85 0 0.0001542",
          "b7ad6b7169203331 gateway_request - ok - - - - -",
          "00f067aa0ba90302 gateway gpt-4o-mini rate_limit - - - - -",
          "00f067aa0ba90301 gateway_request - rate_limit - - - - -",
          "53995c3f42cd8ad2 gateway gpt-4o-mini-2024-07-18 ok 0 0 0 1285 0",
          "53995c3f42cd8ad1 gateway_request - ok - - - - -",
          "7a085853722dc6d2 gateway meta-llama/Llama-3.1-8B-Instruct ok 256 256 128 0 0.0001792",
          "7a085853722dc6d1 gateway_request - ok - - - - -",
          "deadbeef00000002 gateway text-embedding-3-small ok 42 0 0 0 0.00000084",
          "c1d2e3f4a5b60718 engine unknown ok 512 0 128 0 -",
          "aa00000000000001 engine unknown ok 300 0 64 0 -",
          "aa00000000000002 engine unknown ok 300 0 81 0 -",
          "aa00000000000003 engine facebook/opt-125m ok 6 0 16 0 -");

  /** Settings that lead to the servers, every port free. */
  abstract Settings settings();

  @Test
  void eightExamples_countOnce_overEveryProtocol_sentAgain_andAfterARestart() throws Exception {
    try (RunningSpanmill spanmill = RunningSpanmill.start(settings())) {
      send(spanmill, 0);
      assertFigures(spanmill);
      send(spanmill, 1);
      assertFigures(spanmill);
    }
    try (RunningSpanmill spanmill = RunningSpanmill.start(settings())) {
      spanmill.awaitComplete();
      assertFigures(spanmill);
      send(spanmill, 2);
      assertFigures(spanmill);
      assertTrace(spanmill);
      assertMetrics(spanmill);
    }
  }

  /** Each file by one of four ways, another at each turn. */
  private static void send(RunningSpanmill spanmill, int turn)
      throws IOException, MalformedOtlpException {
    List<Path> files = new ArrayList<>();
    try (var found = Files.newDirectoryStream(FOLDER, "example-*.json")) {
      found.forEach(files::add);
    }
    files.sort(null);
    assertThat(files).hasSize(8);
    for (int i = 0; i < files.size(); i++) {
      byte[] json = Files.readAllBytes(files.get(i));
      byte[] protobuf = new OtlpJson().toProtobuf(json, 0, json.length);
      switch ((i + turn) % 4) {
        case 0 -> post(spanmill, new OtlpBody(json, true), false);
        case 1 -> post(spanmill, new OtlpBody(protobuf, false), true);
        case 2 -> post(spanmill, new OtlpBody(protobuf, false), false);
        default ->
            assertThat(
                    GrpcClients.newClient(
                            "gproto+http://127.0.0.1:" + spanmill.port(Keys.INGEST_GRPC_PORT) + "/",
                            TraceServiceGrpc.TraceServiceBlockingStub.class)
                        .export(ExportTraceServiceRequest.parseFrom(protobuf))
                        .hasPartialSuccess())
                .isFalse();
      }
    }
    spanmill.awaitComplete();
  }

  private static void post(RunningSpanmill spanmill, OtlpBody body, boolean gzip) {
    OtlpClient.Result result =
        new OtlpClient(spanmill.address(Keys.INGEST_HTTP_PORT), null, gzip).send(body).join();
    assertThat(result.status()).as(result.message()).isEqualTo(200);
    assertThat(result.rejectedSpans()).isZero();
  }

  private static void assertFigures(RunningSpanmill spanmill) {
    JsonNode rows =
        spanmill
            .get(
                "/api/v1/calls?limit=100&layer=gateway&layer=gateway_request&layer=engine"
                    + "&layer=client&layer=direct&"
                    + DAY)
            .path("rows");
    List<String> calls = new ArrayList<>();
    rows.forEach(row -> calls.add(line(row)));
    assertThat(calls).containsExactlyInAnyOrderElementsOf(CALLS);

    JsonNode totals = spanmill.get("/api/v1/overview?" + DAY).path("totals");
    assertThat(totals.path("events").asInt()).isEqualTo(SPANS);
    assertThat(totals.path("calls").asInt()).isEqualTo(6);
    assertThat(totals.path("errors").asInt()).isEqualTo(1);
    assertThat(totals.path("requests").path("count").asInt()).isEqualTo(4);
    assertThat(totals.path("requests").path("failed").asInt()).isEqualTo(1);
    assertThat(new BigDecimal(totals.path("cost").path("usd").asText()))
        .isEqualByComparingTo("0.00048844");
    assertThat(totals.path("cost").path("unpricedCalls").asInt()).isZero();
    assertThat(totals.path("tokens").path("input").asInt()).isEqualTo(650);
    assertThat(totals.path("tokens").path("cacheRead").asInt()).isEqualTo(2304);
    assertThat(totals.path("tokens").path("output").asInt()).isEqualTo(298);
    assertThat(totals.path("tokens").path("saved").asInt()).isEqualTo(1285);
    JsonNode engine = spanmill.get("/api/v1/overview?layer=engine&" + DAY).path("totals");
    assertThat(engine.path("calls").asInt()).isEqualTo(4);
    assertThat(engine.path("tokens").path("input").asInt()).isEqualTo(1118);
    assertThat(engine.path("tokens").path("output").asInt()).isEqualTo(289);

    BigDecimal byModel = BigDecimal.ZERO;
    for (JsonNode row : spanmill.get("/api/v1/breakdown?groupBy=model&" + DAY).path("rows")) {
      byModel = byModel.add(money(row.path("cost").path("usd")));
    }
    assertThat(byModel).isEqualByComparingTo("0.00048844");
    BigDecimal byHour = BigDecimal.ZERO;
    for (JsonNode point :
        spanmill
            .get("/api/v1/timeseries?metric=cost&step=1h&" + DAY)
            .path("series")
            .path(0)
            .path("points")) {
      byHour = byHour.add(money(point.path(1)));
    }
    assertThat(byHour).isEqualByComparingTo("0.00048844");
  }

  /** The proxy's trace and the engine's span in it, which share a trace id. */
  private static void assertTrace(RunningSpanmill spanmill) {
    JsonNode list = spanmill.get("/api/v1/traces?limit=100&" + DAY).path("rows");
    assertThat(list.size()).isGreaterThanOrEqualTo(8);
    assertThat(list).noneMatch(row -> row.path("spanCount").asInt() > 12);
    String id = "80e1afed08e019fc1110464cfa66635c";
    JsonNode trace = spanmill.get("/api/v1/traces/" + id);
    assertThat(trace.path("spans")).hasSize(12);
    List<String> roles = new ArrayList<>();
    trace.path("spans").forEach(span -> roles.add(span.path("role").asText()));
    assertThat(roles).contains("GATEWAY_ROOT", "GATEWAY_CALL", "ENGINE", "RAW", "INFRA");
    assertThat(trace.path("trace").path("costUsd").asText()).isEqualTo("0.0001792");
  }

  /** The ledger's rows are emitted more rarely than what completeThrough speaks of. */
  private static void assertMetrics(RunningSpanmill spanmill) {
    await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> assertCounters(spanmill));
  }

  private static void assertCounters(RunningSpanmill spanmill) {
    String metrics = spanmill.answer("/metrics").body();
    assertThat(sum(metrics, "llm_calls_total{", "layer=\"gateway\"")).isEqualByComparingTo("6");
    assertThat(sum(metrics, "llm_errors_total{", "layer=\"gateway\"")).isEqualByComparingTo("1");
    assertThat(sum(metrics, "llm_calls_total{", "layer=\"engine\"")).isEqualByComparingTo("4");
    assertThat(sum(metrics, "llm_cost_usd_total{", "layer=\"gateway\"").doubleValue())
        .isCloseTo(0.00048844, Offset.offset(1e-15));
  }

  private static BigDecimal sum(String metrics, String name, String label) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name) && line.contains(label))
        .map(line -> new BigDecimal(line.substring(line.lastIndexOf(' ') + 1)))
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  private static String line(JsonNode row) {
    JsonNode tokens = row.path("tokens");
    return String.join(
        " ",
        row.path("spanId").asText(),
        row.path("layer").asText(),
        text(row.path("model")),
        row.path("status").asText().equals("error")
            ? row.path("errorClass").asText()
            : row.path("status").asText(),
        text(tokens.path("input")),
        text(tokens.path("cacheRead")),
        text(tokens.path("output")),
        text(tokens.path("saved")),
        text(row.path("costUsd")));
  }

  private static String text(JsonNode value) {
    return value.isMissingNode() || value.isNull() || value.asText().isEmpty()
        ? "-"
        : value.asText();
  }

  private static BigDecimal money(JsonNode usd) {
    return usd.isTextual() ? new BigDecimal(usd.asText()) : BigDecimal.ZERO;
  }
}
