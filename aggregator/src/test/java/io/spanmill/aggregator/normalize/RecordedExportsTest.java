/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What real packages exported, held against what their clients saw. */
class RecordedExportsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Cases in which the sender itself tells less or other than the client saw; the reason beside.
   */
  private static boolean tellsOther(String name, String what) {
    return switch (what) {
      case "cost", "errorClass" ->
          // Releases before 1.80 tell neither cost nor error.
          name.startsWith("litellm-1.54.0-")
              || name.startsWith("litellm-1.74.15-")
              || evicted(name);
      case "model" -> evicted(name);
      case "usage" ->
          evicted(name)
              ||
              // Counts a stream's tokens by itself, whatever the provider says.
              name.equals("litellm-1.54.0-sdk-v1-stream")
              ||
              // Adds the token of the first event to the last one's count.
              name.equals("openllmetry-0.62.4-anthropic-stream")
              // Tells Anthropic's input without the cache, and nothing of the cache.
              || name.startsWith("agentops-0.4.21-anthropic-")
              // Asks for the usage by itself, so that it knows more than the client.
              || name.equals("agentops-0.4.21-chat-stream-nousage");
      // OpenTelemetry's instrumentation and AgentOps' for Responses do not tell streams.
      case "streaming" ->
          name.startsWith("otel-")
              || name.equals("openllmetry-0.62.4-anthropic-stream")
              || name.equals("agentops-0.4.21-anthropic-stream");
      // Its stream wrapper loses the id.
      case "responseId" -> name.startsWith("agentops-0.4.21-anthropic-stream");
      default -> throw new IllegalArgumentException(what);
    };
  }

  /** LiteLLM's callbacks for other platforms do not say whether the cache answered. */
  private static boolean tellsHits(String name) {
    return !name.matches("litellm-.*-sdk-(phoenix|langfuse)-cache-hit");
  }

  /** Version 1 tells a session named in the metadata or by header, not one in the body. */
  private static boolean tellsSession(String name, String session) {
    return !name.contains("-proxy-v1-") || !session.equals("session-of-litellm");
  }

  /** With 120 tools the SDK's limit of attributes leaves nothing but messages; v2 has it right. */
  private static boolean evicted(String name) {
    return name.endsWith("-sdk-v1-tools") || name.endsWith("-sdk-semconv-tools");
  }

  /** Cases whose call shows in another number of attempts than the client made. */
  private static int attempts(String name, int calls) {
    if (name.startsWith("openinference-0.1.66-anthropic-")) {
      // The SDK's own span besides OpenInference's: one attempt for deduplication if in one trace.
      return 2;
    }
    if (name.matches("litellm-1\\.80\\.16-proxy-v1(-master)?-(messages|responses)")) {
      // Sync and async twins, in traces of their own and under other ids: nothing joins them.
      return 2;
    }
    if (name.matches("litellm-1\\.74\\.15-sdk-v1-(responses|rerank)")
        || name.startsWith("langchain-openinference-")) {
      // The same; and a framework's span beside the SDK's, each in a trace of its own.
      return 2;
    }
    if (name.matches("litellm-.*-sdk-v[12]-retry")) {
      // Only the attempt that was answered is told of.
      return 1;
    }
    if (name.startsWith("litellm-1.106.0-proxy-v1-master-")
        || name.startsWith("litellm-1.106.0-proxy-v1-span-")) {
      return name.endsWith("-rejected-key") ? 1 : calls;
    }
    if (name.startsWith("litellm-1.106.0-proxy-v1-")) {
      // FastAPI's own spans end before LiteLLM writes onto them: only failures keep their keys.
      return name.contains("-fail-")
              || name.endsWith("-fallback")
              || name.endsWith("-chat-parent")
              || name.endsWith("-rejected-key")
          ? 1
          : 0;
    }
    if (name.matches("litellm-1\\.8[02]\\.\\d+-proxy-v1-master-fallback")) {
      // The first failure ends the server span that the second attempt would be written onto.
      return 1;
    }
    if (name.equals("litellm-1.106.0-sdk-v2-cache-hit")
        || name.equals("litellm-1.106.0-proxy-v2-cache-hit")) {
      // A hit has no call span in v2.
      return 1;
    }
    return calls;
  }

  static Stream<String> recorded() throws IOException, URISyntaxException {
    Path folder =
        Path.of(Objects.requireNonNull(RecordedExportsTest.class.getResource("/otlp")).toURI());
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".pb"))
          .map(file -> file.substring(0, file.length() - 3))
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void calls_areAsTheClientSawThem(String name) throws IOException {
    JsonNode expected = expected(name);
    List<NormalizedSpan> calls = new ArrayList<>();
    for (NormalizedSpan span : Exports.normalize(name + ".pb")) {
      if (span.layer != null && span.layer != Layer.GATEWAY_REQUEST) {
        calls.add(span);
      }
    }
    assertThat(calls).as("attempts").hasSize(attempts(name, expected.get("calls").size()));
    SoftAssertions check = new SoftAssertions();
    Set<NormalizedSpan> used = new HashSet<>();
    for (JsonNode wanted : expected.get("calls")) {
      for (NormalizedSpan call : matching(name, wanted, calls, used)) {
        used.add(call);
        compare(name, wanted, call, check);
      }
    }
    check.assertAll();
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void requests_areCountedOnce(String name) throws IOException {
    JsonNode requests = requests(name);
    if (requests == null) {
      return;
    }
    List<NormalizedSpan> roots =
        Exports.normalize(name + ".pb").stream()
            .filter(span -> span.layer == Layer.GATEWAY_REQUEST || span.alsoGatewayRequest)
            .toList();
    if (roots.isEmpty()) {
      // With custom authentication these releases open no server span; /v1/messages and
      // /v1/responses lose it in 1.80.
      assertThat(name).matches("litellm-1\\.80\\.16-proxy-v1-.*");
      return;
    }
    int count = requests.get("count").asInt();
    if (name.equals("litellm-1.106.0-proxy-v1-master-chat-parent")) {
      // FastAPI's server span and LiteLLM's both hang on the caller's span: nothing tells them
      // apart.
      count = 2;
    }
    assertThat(roots).hasSize(count);
    long failed = roots.stream().filter(root -> root.failed).count();
    // A collapsed root tells of its first attempt: that it failed, not that another one helped.
    boolean tellsFirstAttempt = name.matches("litellm-1\\.8[02]\\.\\d+-proxy-v1-master-fallback");
    assertThat(failed).isEqualTo(tellsFirstAttempt ? 1 : requests.get("failed").asInt());
  }

  private static void compare(
      String name, JsonNode wanted, NormalizedSpan call, SoftAssertions check) {
    boolean failed = wanted.get("failed").asBoolean();
    check.assertThat(call.failed).as("failed").isEqualTo(failed);
    if (failed) {
      if (wanted.has("errorClass") && !tellsOther(name, "errorClass")) {
        check
            .assertThat(call.errorClass.label())
            .as("error class of " + call.errorType)
            .isEqualTo(wanted.get("errorClass").asText());
      }
      check.assertThat(call.hasUsage()).as("usage of a failure").isFalse();
      check.assertThat(call.reportedPicoUsd).isEqualTo(PicoUsd.ABSENT);
      return;
    }
    if (wanted.has("responseId")
        && !wanted.get("responseId").isNull()
        && !call.responseId.isEmpty()) {
      check
          .assertThat(call.responseId)
          .as("response id")
          .isEqualTo(wanted.get("responseId").asText());
    }
    if (wanted.has("session") && tellsSession(name, wanted.get("session").asText())) {
      check.assertThat(call.session).as("session").isEqualTo(wanted.get("session").asText());
    }
    if (wanted.has("operation")) {
      check.assertThat(call.operation).isEqualTo(wanted.get("operation").asText());
    }
    if (wanted.has("model") && !name.contains("-proxy-") && !tellsOther(name, "model")) {
      check
          .assertThat(call.model.toLowerCase(Locale.ROOT))
          .as("model")
          .isEqualTo(
              ModelNames.normalize(wanted.get("model").asText(), call.provider)
                  .toLowerCase(Locale.ROOT));
    }
    if (!tellsHits(name)) {
      return;
    }
    check.assertThat(call.cacheHit).as("cache hit").isEqualTo(wanted.has("cacheHit"));
    if (wanted.has("saved")) {
      check.assertThat(call.savedTokens).as("saved").isEqualTo(wanted.get("saved").asLong());
      check.assertThat(call.totalTokens()).as("tokens of a hit").isZero();
    } else if (wanted.has("input") && !tellsOther(name, "usage")) {
      compareUsage(wanted, call, check);
    }
    if (wanted.has("costUsd") && !tellsOther(name, "cost")) {
      check
          .assertThat(PicoUsd.toUsd(call.reportedPicoUsd))
          .as("cost")
          .isEqualTo(
              PicoUsd.toUsd(PicoUsd.ofReported(new BigDecimal(wanted.get("costUsd").asText()))));
    }
    if (wanted.has("streaming") && !tellsOther(name, "streaming")) {
      check
          .assertThat(call.streaming)
          .as("streaming")
          .isEqualTo(wanted.get("streaming").asBoolean());
    }
  }

  private static void compareUsage(JsonNode wanted, NormalizedSpan call, SoftAssertions check) {
    long read = long0(wanted, "cacheRead");
    long written = long0(wanted, "cacheWrite");
    boolean cacheTold =
        call.cacheReadTokens != NormalizedSpan.ABSENT
            || call.cacheWriteTokens != NormalizedSpan.ABSENT;
    check
        .assertThat(call.inputTokens)
        .as("input")
        .isEqualTo(long0(wanted, "input") + (cacheTold ? 0 : read + written));
    check.assertThat(Math.max(0, call.cacheReadTokens)).isEqualTo(cacheTold ? read : 0);
    check.assertThat(Math.max(0, call.cacheWriteTokens)).isEqualTo(cacheTold ? written : 0);
    boolean reasoningTold = call.reasoningTokens != NormalizedSpan.ABSENT;
    long reasoning = long0(wanted, "reasoning");
    check
        .assertThat(Math.max(0, call.outputTokens))
        .as("output")
        .isEqualTo(long0(wanted, "output") + (reasoningTold ? 0 : reasoning));
    check.assertThat(Math.max(0, call.reasoningTokens)).isEqualTo(reasoningTold ? reasoning : 0);
  }

  /**
   * The attempts that tell of a client's call: by response id, else the next one of its outcome.
   */
  private static List<NormalizedSpan> matching(
      String name, JsonNode wanted, List<NormalizedSpan> calls, Set<NormalizedSpan> used) {
    List<NormalizedSpan> open =
        calls.stream()
            .filter(call -> !used.contains(call))
            .filter(call -> call.failed == wanted.get("failed").asBoolean())
            .filter(call -> call.cacheHit == wanted.has("cacheHit") || !tellsHits(name))
            .toList();
    String id = wanted.has("responseId") ? wanted.get("responseId").asText() : "";
    List<NormalizedSpan> byId = open.stream().filter(call -> call.responseId.equals(id)).toList();
    return !byId.isEmpty() ? byId : open.subList(0, Math.min(1, open.size()));
  }

  private static long long0(JsonNode node, String field) {
    return node.has(field) ? node.get(field).asLong() : 0;
  }

  private static JsonNode requests(String name) throws IOException {
    String note = expected(name).get("note").asText();
    return note.startsWith("{") ? JSON.readTree(note).get("requests") : null;
  }

  private static JsonNode expected(String name) throws IOException {
    return JSON.readTree(
        RecordedExportsTest.class.getResourceAsStream("/otlp/" + name + ".expected.json"));
  }
}
