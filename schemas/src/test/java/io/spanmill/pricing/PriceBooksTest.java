/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.BigRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PriceBooksTest {
  private static final String YAML =
      """
      source: test
      entries:
        - model: gpt-x
          aliases: [gpt-x-mini]
          provider: openai
          validFrom: 2024-01-01
          usdPerMillion: {input: 2.50, cacheRead: 1.25, output: 10}
        - model: gpt-x
          provider: openai
          validFrom: 2025-06-01
          usdPerMillion: {input: 2, cacheRead: 0.5, output: 8, audioInput: 40}
          tiers:
            batch: {usdPerMillion: {input: 1, output: 4, cacheRead: 0.25}}
        - model: claude-x
          provider: anthropic
          usdPerMillion: {input: 3, output: 15, cacheRead: 0.30, cacheWrite: 3.75, cacheWrite1h: 6}
          above:
            - tokens: 200000
              usdPerMillion: {input: 6, output: 22.50, cacheRead: 0.60, cacheWrite: 7.50, cacheWrite1h: 12}
        - model: grok-x
          provider: xai
          usdPerMillion: {input: 1, output: 2}
          above: [{tokens: 128000, inclusive: true, usdPerMillion: {input: 2, output: 4}}]
        - model: rerank-x
          perRequestUsd: 0.002
        - model: image-x
          perImageUsd: 0.04
        - model: slow-x
          perSecondUsd: 0.001
        - model: free-x
          usdPerMillion: {input: 0, output: 0}
        - model: input-only
          usdPerMillion: {input: 1}
      """;

  @Test
  void price_takesTheEntryValidAtTheCallsTime() throws Exception {
    NormalizedSpan old = call("openai", "gpt-x", "2025-05-31T23:59:59.999Z");
    old.inputTokens = 1_000_000;
    NormalizedSpan now = call("openai", "gpt-x", "2025-06-01T00:00:00Z");
    now.inputTokens = 1_000_000;
    assertThat(computed(old)).isEqualTo("2.5");
    assertThat(old.priceEntry).isEqualTo("gpt-x@2024-01-01");
    assertThat(computed(now)).isEqualTo("2");
    assertThat(now.priceBook).isEqualTo("b");
  }

  @Test
  void price_beforeAnyEntryIsUnpriced() throws Exception {
    NormalizedSpan c = call("openai", "gpt-x", "2023-12-31T00:00:00Z");
    c.inputTokens = 10;
    books().price(c);
    assertThat(c.priced).isEqualTo(PricedState.UNPRICED);
    assertThat(c.costPicoUsd).isEqualTo(PicoUsd.ABSENT);
  }

  @Test
  void price_addsAllKindsAndRoundsOnce() throws Exception {
    NormalizedSpan c = call("anthropic", "claude-x", "2026-01-01T00:00:00Z");
    c.inputTokens = 101;
    c.cacheReadTokens = 1003;
    c.cacheWriteTokens = 500;
    c.cacheWrite1hTokens = 200;
    c.outputTokens = 77;
    c.reasoningTokens = 23;
    BigDecimal exact =
        dec("101", "3")
            .add(dec("1003", "0.30"))
            .add(dec("300", "3.75"))
            .add(dec("200", "6"))
            .add(dec("100", "15"))
            .movePointLeft(6);
    assertThat(new BigDecimal(computed(c))).isEqualByComparingTo(exact);
  }

  @Test
  void price_contextTierCountsCachedTokensAndSpeaksForAll() throws Exception {
    NormalizedSpan at = call("anthropic", "claude-x", "2026-01-01T00:00:00Z");
    at.inputTokens = 100_000;
    at.cacheReadTokens = 100_000;
    at.outputTokens = 10;
    NormalizedSpan above = at.copy();
    above.inputTokens = 100_001;
    assertThat(new BigDecimal(computed(at))).isEqualByComparingTo("0.33015");
    assertThat(new BigDecimal(computed(above))).isEqualByComparingTo("0.660231");
    NormalizedSpan grok = call("x_ai", "grok-x", "2026-01-01T00:00:00Z");
    grok.inputTokens = 128_000;
    assertThat(computed(grok)).isEqualTo("0.256");
  }

  @Test
  void price_batchTierAndAudio() throws Exception {
    NormalizedSpan c = call("openai", "gpt-x", "2026-01-01T00:00:00Z");
    c.inputTokens = 1000;
    c.audioInputTokens = 400;
    assertThat(new BigDecimal(computed(c))).isEqualByComparingTo("0.0172");
    c.serviceTier = "batch";
    c.audioInputTokens = NormalizedSpan.ABSENT;
    assertThat(new BigDecimal(computed(c))).isEqualByComparingTo("0.001");
  }

  @Test
  void price_feesImagesSeconds() throws Exception {
    assertThat(computed(call("", "rerank-x", "2026-01-01T00:00:00Z"))).isEqualTo("0.002");
    NormalizedSpan image = call("", "image-x", "2026-01-01T00:00:00Z");
    image.imageCount = 3;
    assertThat(computed(image)).isEqualTo("0.12");
    NormalizedSpan slow = call("", "slow-x", "2026-01-01T00:00:00Z");
    slow.durationMicros = 2_500_000;
    assertThat(computed(slow)).isEqualTo("0.0025");
  }

  @Test
  void price_reportedWinsButBothAreKept() throws Exception {
    NormalizedSpan c = call("openai", "gpt-x", "2026-01-01T00:00:00Z");
    c.inputTokens = 1_000_000;
    c.reportedPicoUsd = 5;
    books().price(c);
    assertThat(c.costPicoUsd).isEqualTo(5);
    assertThat(PicoUsd.toUsd(c.computedPicoUsd)).isEqualTo("2");
  }

  @Test
  void price_reportedZeroCountsOnlyWhereTheBookSaysZero() throws Exception {
    NormalizedSpan paid = call("openai", "gpt-x", "2026-01-01T00:00:00Z");
    paid.inputTokens = 1_000_000;
    paid.reportedPicoUsd = 0;
    assertThat(computed(paid)).isEqualTo("2");
    assertThat(paid.reportedPicoUsd).isEqualTo(PicoUsd.ABSENT);
    assertThat(PicoUsd.toUsd(paid.costPicoUsd)).isEqualTo("2");
    NormalizedSpan unknown = call("hosted_vllm", "own", "2026-01-01T00:00:00Z");
    unknown.inputTokens = 10;
    unknown.reportedPicoUsd = 0;
    books().price(unknown);
    assertThat(unknown.priced).isEqualTo(PricedState.UNPRICED);
    NormalizedSpan free = call("", "free-x", "2026-01-01T00:00:00Z");
    free.inputTokens = 10;
    free.reportedPicoUsd = 0;
    books().price(free);
    assertThat(free.priced).isEqualTo(PricedState.PRICED);
    assertThat(free.reportedPicoUsd).isZero();
  }

  @Test
  void price_cacheHitCostsNothing() throws Exception {
    NormalizedSpan c = call("openai", "gpt-x", "2026-01-01T00:00:00Z");
    c.cacheHit = true;
    c.savedTokens = 100;
    books().price(c);
    assertThat(c.costPicoUsd).isZero();
    assertThat(c.priced).isEqualTo(PricedState.PRICED);
  }

  @Test
  void price_failureWithoutUsageIsNeither() throws Exception {
    NormalizedSpan c = call("openai", "gpt-x", "2026-01-01T00:00:00Z");
    c.failed = true;
    c.inputTokens = 0;
    c.outputTokens = 0;
    c.reportedPicoUsd = 0;
    books().price(c);
    assertThat(c.priced).isEqualTo(PricedState.NONE);
    assertThat(c.costPicoUsd).isEqualTo(PicoUsd.ABSENT);
  }

  @Test
  void price_enginesAndRequestsHaveNoMoney() throws Exception {
    for (Layer layer : List.of(Layer.ENGINE, Layer.GATEWAY_REQUEST)) {
      NormalizedSpan c = call("openai", "gpt-x", "2026-01-01T00:00:00Z");
      c.layer = layer;
      c.inputTokens = 10;
      c.reportedPicoUsd = 7;
      books().price(c);
      assertThat(c.priced).isEqualTo(PricedState.NONE);
      assertThat(c.reportedPicoUsd).isEqualTo(PicoUsd.ABSENT);
    }
  }

  @Test
  void price_missingKindLeavesUnpricedRatherThanCheap() throws Exception {
    NormalizedSpan c = call("", "input-only", "2026-01-01T00:00:00Z");
    c.inputTokens = 10;
    c.outputTokens = 1;
    books().price(c);
    assertThat(c.priced).isEqualTo(PricedState.UNPRICED);
  }

  @Test
  void price_findsModelByProviderPrefixDateAndAliasButNotAtAnotherProvider() throws Exception {
    for (String model : List.of("openai/gpt-x", "gpt-x-2025-08-07", "GPT-X-mini")) {
      NormalizedSpan c = call("openai", model, "2024-02-01T00:00:00Z");
      c.inputTokens = 1_000_000;
      assertThat(computed(c)).as(model).isEqualTo("2.5");
    }
    NormalizedSpan other = call("hosted_vllm", "gpt-x", "2026-01-01T00:00:00Z");
    other.inputTokens = 1;
    books().price(other);
    assertThat(other.priced).isEqualTo(PricedState.UNPRICED);
  }

  @Test
  void costMap_loadsAsItIs() throws Exception {
    String json =
        """
        {"sample_spec": {"input_cost_per_token": 0, "mode": "one of"},
         "gpt-y": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.5e-07,
           "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08,
           "input_cost_per_token_above_200k_tokens": 3e-07, "input_cost_per_token_batches": 7.5e-08,
           "output_cost_per_token_priority": 1.2e-06},
         "vertex_ai/gem-y": {"litellm_provider": "vertex_ai-language-models", "input_cost_per_token": "1e-06", "output_cost_per_token": 2e-06},
         "whisper": {"litellm_provider": "openai", "mode": "audio_transcription", "input_cost_per_second": 0.0001}}
        """;
    PriceBook book = LiteLlmCostMap.read("map.json", json.getBytes(StandardCharsets.UTF_8), "map");
    PriceBooks books = new PriceBooks(List.of(book));
    NormalizedSpan c = call("openai", "gpt-y", "2026-01-01T00:00:00Z");
    c.inputTokens = 1200;
    c.outputTokens = 85;
    books.price(c);
    assertThat(PicoUsd.toUsd(c.computedPicoUsd)).isEqualTo("0.000231");
    c.serviceTier = "batch";
    books.price(c);
    assertThat(PicoUsd.toUsd(c.computedPicoUsd)).isEqualTo("0.000141");
    c.serviceTier = "";
    c.inputTokens = 200_001;
    books.price(c);
    assertThat(PicoUsd.toUsd(c.computedPicoUsd)).isEqualTo("0.0600513");
    NormalizedSpan gem = call("gcp.vertex_ai", "gem-y", "2026-01-01T00:00:00Z");
    gem.inputTokens = 1;
    books.price(gem);
    assertThat(PicoUsd.toUsd(gem.computedPicoUsd)).isEqualTo("0.000001");
    assertThat(book.size()).isEqualTo(2);
  }

  @Test
  void badFiles_tellFileLineAndReason() {
    assertThatThrownBy(
            () ->
                YamlPriceBook.read(
                    "p.yaml", "entries:\n  - model: a\n    usdPerMillion: {input: x}\n", "i"))
        .hasMessage("p.yaml:3: a price must be a number, but is x");
    assertThatThrownBy(
            () -> YamlPriceBook.read("p.yaml", "entries:\n  - model: a\n    prise: 1\n", "i"))
        .hasMessageStartingWith("p.yaml:3: unknown key prise, known here: ");
    assertThatThrownBy(
            () -> YamlPriceBook.read("p.yaml", "entries:\n  - usdPerMillion: {input: 1}\n", "i"))
        .hasMessage("p.yaml:2: an entry without model");
    assertThatThrownBy(
            () ->
                LiteLlmCostMap.read(
                    "m.json",
                    "{\n\"a\": {\"input_cost_per_token\": -1}}".getBytes(StandardCharsets.UTF_8),
                    "i"))
        .hasMessage(
            "m.json:2: a: input_cost_per_token must be a price in USD, 0 or more, but is -1");
    assertThatThrownBy(
            () -> LiteLlmCostMap.read("m.json", "{\n\"a\": ".getBytes(StandardCharsets.UTF_8), "i"))
        .hasMessageStartingWith("m.json:2: not JSON: ");
  }

  @Test
  void refresh_takesGoodFilesAndRefusesBadOnes(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("a.yaml");
    Files.writeString(file, "entries: [{model: m, usdPerMillion: {input: 1}}]");
    PriceFiles files = PriceFiles.load(List.of(dir.toString()));
    String first = files.books().books().get(0).id();
    assertThat(files.refresh()).isFalse();
    Files.writeString(file, "entries: [{model: m, usdPerMillion: {input: bad}}]");
    assertThat(files.refresh()).isFalse();
    assertThat(files.problem()).contains("a.yaml:1: a price must be a number, but is bad");
    assertThat(files.books().books().get(0).id()).isEqualTo(first);
    Files.writeString(file, "entries: [{model: m, usdPerMillion: {input: 2}}]");
    assertThat(files.refresh()).isTrue();
    assertThat(files.problem()).isNull();
    assertThat(files.books().books().get(0).id()).isNotEqualTo(first).startsWith("a.yaml@");
  }

  @Test
  void costMap_loadsFromAUrl_andARefusalKeepsTheOldOne() throws Exception {
    AtomicReference<String> body =
        new AtomicReference<>("{\"m\": {\"input_cost_per_token\": 1e-6}}");
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] bytes = body.get().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(bytes.length == 0 ? 500 : 200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    try {
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/cost_map.json";
      PriceFiles files = PriceFiles.load(List.of(url));
      NormalizedSpan call = call("", "m", "2026-01-01T00:00:00Z");
      call.inputTokens = 3;
      files.price(call);
      assertThat(PicoUsd.toUsd(call.costPicoUsd)).isEqualTo("0.000003");
      assertThat(call.priceBook).startsWith("cost_map.json@");
      String before = call.priceBook;

      body.set("");
      assertThat(files.refresh()).isFalse();
      assertThat(files.problem()).contains(url).contains("500");
      files.price(call);
      assertThat(call.priceBook).isEqualTo(before);

      body.set("{\"m\": {\"input_cost_per_token\": 2e-6}}");
      assertThat(files.refresh()).isTrue();
      assertThat(files.problem()).isNull();
      files.price(call);
      assertThat(PicoUsd.toUsd(call.costPicoUsd)).isEqualTo("0.000006");
      assertThat(call.priceBook).isNotEqualTo(before);
    } finally {
      server.stop(0);
    }
  }

  @Property(tries = 300)
  void computed_isTheExactSumRoundedOnceHalfEven(
      @ForAll @LongRange(max = 2_000_000) long input,
      @ForAll @LongRange(max = 2_000_000) long cacheRead,
      @ForAll @LongRange(max = 2_000_000) long output,
      @ForAll @BigRange(min = "0", max = "100") @Scale(12) BigDecimal usdIn,
      @ForAll @BigRange(min = "0", max = "100") @Scale(12) BigDecimal usdRead,
      @ForAll @BigRange(min = "0", max = "100") @Scale(12) BigDecimal usdOut)
      throws Exception {
    PriceBook book =
        YamlPriceBook.read(
            "f",
            "entries: [{model: m, usdPerMillion: {input: %s, cacheRead: %s, output: %s}}]"
                .formatted(usdIn.toPlainString(), usdRead.toPlainString(), usdOut.toPlainString()),
            "b");
    NormalizedSpan call = call("", "m", "2026-01-01T00:00:00Z");
    call.inputTokens = input;
    call.cacheReadTokens = cacheRead;
    call.outputTokens = output;
    new PriceBooks(List.of(book)).price(call);

    BigDecimal exact =
        usdIn
            .multiply(BigDecimal.valueOf(input))
            .add(usdRead.multiply(BigDecimal.valueOf(cacheRead)))
            .add(usdOut.multiply(BigDecimal.valueOf(output)))
            .movePointLeft(6);
    assertThat(BigDecimal.valueOf(call.computedPicoUsd, PicoUsd.SCALE))
        .isEqualByComparingTo(exact.setScale(PicoUsd.SCALE, RoundingMode.HALF_EVEN));
    assertThat(call.priceEntry).isEqualTo("m");
  }

  @Test
  void precedence_firstBookWins() throws Exception {
    PriceBook own =
        YamlPriceBook.read(
            "own",
            "entries: [{model: gpt-x, provider: openai, usdPerMillion: {input: 1, output: 1}}]",
            "own");
    NormalizedSpan c = call("openai", "gpt-x", "2026-01-01T00:00:00Z");
    c.inputTokens = 1_000_000;
    new PriceBooks(List.of(own, YamlPriceBook.read("b", YAML, "b"))).price(c);
    assertThat(c.priceBook).isEqualTo("own");
    assertThat(PicoUsd.toUsd(c.costPicoUsd)).isEqualTo("1");
  }

  private static PriceBooks books() throws PriceBookException {
    return new PriceBooks(List.of(YamlPriceBook.read("b", YAML, "b")));
  }

  private static String computed(NormalizedSpan call) throws PriceBookException {
    books().price(call);
    assertThat(call.computedPicoUsd).isNotEqualTo(PicoUsd.ABSENT);
    return PicoUsd.toUsd(call.computedPicoUsd);
  }

  private static NormalizedSpan call(String provider, String model, String time) {
    NormalizedSpan c = new NormalizedSpan();
    c.layer = Layer.GATEWAY;
    c.provider = provider;
    c.model = model;
    c.responseModel = model;
    c.eventTimeMs = Instant.parse(time).toEpochMilli();
    return c;
  }

  private static BigDecimal dec(String tokens, String perMillion) {
    return new BigDecimal(tokens).multiply(new BigDecimal(perMillion));
  }
}
