/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.EdgeRig.ALL;
import static io.spanmill.query.EdgeRig.ALPHA;
import static io.spanmill.query.EdgeRig.DOCS;
import static io.spanmill.query.EdgeRig.EXAMPLES;
import static io.spanmill.query.EdgeRig.EXAMPLE_DAY;
import static io.spanmill.query.EdgeRig.EXAMPLE_TRACE;
import static io.spanmill.query.EdgeRig.JSON;
import static io.spanmill.query.EdgeRig.LIMIT;
import static io.spanmill.query.EdgeRig.RANGE;
import static io.spanmill.query.EdgeRig.get;
import static io.spanmill.query.EdgeRig.json;
import static io.spanmill.query.EdgeRig.openapi;
import static io.spanmill.query.EdgeRig.operations;
import static io.spanmill.query.EdgeRig.spanmill;
import static io.spanmill.query.EdgeRig.variants;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.query.EdgeRig.Operation;
import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Answers are as the OpenAPI document and the examples in the documentation say. */
interface DocumentedAnswerTests {
  @Test
  default void everyAnswer_isAsTheDocumentSays() throws Exception {
    ObjectNode strict = openapi.path("components").path("schemas").deepCopy();
    strict.forEach(DocumentedAnswerTests::close);
    JsonSchemaFactory factory = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    int checked = 0;
    for (Operation op : operations()) {
      String ref =
          op.node()
              .path("responses")
              .path("200")
              .path("content")
              .path("application/json")
              .path("schema")
              .path("$ref")
              .asText();
      // A token's own route is asked with a token; AgentOpsIT does.
      if (!op.method().equals("get") || ref.isEmpty() || op.path().equals("/v3/auth/token")) {
        continue;
      }
      ObjectNode root = JSON.createObjectNode();
      root.put("$ref", ref);
      root.putObject("components").set("schemas", strict);
      JsonSchema schema = factory.getSchema(root);
      for (String more : variants(op)) {
        HttpResponse<String> answer = get(op.path("alpha") + more, ALPHA);
        if (op.path().equals("/api/v1/compare/agentops")) {
          // Nothing is configured to compare with.
          continue;
        }
        assertThat(answer.statusCode()).as(op.path() + more + answer.body()).isEqualTo(200);
        assertThat(schema.validate(json(answer))).as(op.path() + more).isEmpty();
        checked++;
      }
    }
    assertThat(checked).isGreaterThanOrEqualTo(40);
  }

  /** {@code -Ddocs.write=true} writes the document anew. */
  @Test
  default void examplesOfTheDocument_areWhatIsAnswered() throws Exception {
    List<Path> files = new ArrayList<>();
    try (var found = Files.newDirectoryStream(EXAMPLES, "example-*.json")) {
      found.forEach(files::add);
    }
    for (Path file : files) {
      OtlpClient.Result result =
          new OtlpClient(spanmill.address(Keys.INGEST_HTTP_PORT), DOCS, false)
              .send(new OtlpBody(Files.readAllBytes(file), true))
              .join();
      assertThat(result.status()).as(result.message()).isEqualTo(200);
    }
    Instant sent = Instant.now();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              JsonNode status = json(get("/api/v1/status", DOCS));
              assertThat(Instant.parse(status.path("completeThrough").asText())).isAfter(sent);
            });
    ApiDocument written = new ApiDocument();
    Map<String, JsonNode> answers = new LinkedHashMap<>();
    for (Operation op : operations()) {
      written.operation(op.method(), op.path(), op.node());
      boolean example =
          op.method().equals("get")
              && op.path().startsWith("/api/v1/")
              && op.node().at("/responses/200/content/application~1json").has("schema");
      if (example) {
        String path =
            op.path().replace("{traceId}", EXAMPLE_TRACE).replace("{id}", EXAMPLE_TRACE)
                + (op.has("from") ? "?" + EXAMPLE_DAY : "");
        HttpResponse<String> answer = get(path, DOCS);
        assertThat(answer.statusCode()).as(path).isEqualTo(200);
        answers.put(path, json(answer));
        written.example(path, json(answer));
      }
    }
    Path document = Path.of("..", "docs", "api.md");
    if (Boolean.getBoolean("docs.write")) {
      Files.writeString(document, written.toString());
    }
    Map<String, JsonNode> examples = ApiDocument.examples(Files.readString(document));
    assertThat(examples.keySet()).isEqualTo(answers.keySet());
    answers.forEach(
        (path, answer) ->
            assertThat(ApiDocument.differences(examples.get(path), ApiDocument.cut(answer)))
                .as(path + ": write the document anew with -Ddocs.write=true")
                .isEmpty());
  }

  @Test
  default void status_tellsTheEditionAndWhatItsCubesAnswer() throws Exception {
    JsonNode status = json(get("/api/v1/status", ALPHA));
    assertThat(status.path("rollups").path("edition").asInt()).isZero();
    List<String> filled = new ArrayList<>();
    status
        .path("rollups")
        .path("cubes")
        .forEach(
            c -> {
              assertThat(c.path("filled").asBoolean()).isTrue();
              filled.add(c.path("cube").asText());
            });
    assertThat(filled).containsExactly("summary", "model", "traffic", "usage");
    // Where another AgentOps is, or whether a proxy is open, is told to those who may know.
    assertThat(status.path("upstreams").path("grafana").path("configured").asBoolean()).isTrue();
    assertThat(status.path("upstreams").path("grafana").path("path").isNull()).isTrue();
    assertThat(status.path("upstreams").path("agentops").path("state").asText())
        .isEqualTo("not_asked");
    assertThat(
            json(get("/api/v1/status", ALL))
                .path("upstreams")
                .path("grafana")
                .path("path")
                .asText())
        .isEqualTo("/api/proxy/grafana/");
  }

  @Test
  default void traces_areFoundByHowTheirCallsCameToTheirMoney() throws Exception {
    String path = "/api/v1/traces?" + RANGE + "&costKind=";
    JsonNode reported = json(get(path + "reported", ALPHA)).path("rows");
    assertThat(reported).hasSize(json(get("/api/v1/traces?" + RANGE, ALPHA)).path("rows").size());
    assertThat(reported).isNotEmpty();
    assertThat(json(get(path + "unpriced", ALPHA)).path("rows")).isEmpty();
  }

  @Test
  default void status_listsWhatKeepsRows_notTheViewsThatFillIt() throws Exception {
    assertThat(json(get("/api/v1/status", ALL)).path("tables").findValuesAsText("table"))
        .contains("spans", "span_hours", "trace_bounds", "call_hours")
        .noneMatch(name -> name.endsWith("_written"));
  }

  @Test
  default void status_namesTablesOfACubeThatIsGone_toCallersOfAllProjects() throws Exception {
    try (ClickHouse clickHouse = ClickHouse.open(EdgeRig.servers.settings(Map.of()))) {
      clickHouse.execute(Sql.of("CREATE TABLE rollup_gone_hour AS rollup_model_hour"));
      try {
        JsonNode all = json(get("/api/v1/status", ALL)).path("warnings");
        assertThat(all.findValuesAsText("code")).contains("orphaned");
        assertThat(all.findValuesAsText("message"))
            .anyMatch(m -> m.contains("rollup_gone_hour") && !m.contains("rollup_model_hour"));
        assertThat(json(get("/api/v1/status", ALPHA)).path("warnings").findValuesAsText("code"))
            .doesNotContain("orphaned");
      } finally {
        clickHouse.execute(Sql.of("DROP TABLE rollup_gone_hour"));
      }
    }
    assertThat(json(get("/api/v1/status", ALL)).path("warnings").findValuesAsText("code"))
        .doesNotContain("orphaned");
  }

  /** Objects of this schema have no other fields than it names. */
  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object
        && object.has("properties")
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    schema.forEach(DocumentedAnswerTests::close);
  }
}
