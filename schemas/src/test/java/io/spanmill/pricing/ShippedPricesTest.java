/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShippedPricesTest {
  private static final Path FOLDER = Path.of("../config/prices");

  @Test
  void shippedBooks_loadAndPriceACallOfEachMaker() throws Exception {
    PriceFiles files = PriceFiles.load(List.of(FOLDER.toString()));
    assertThat(files.books().books()).hasSizeGreaterThan(10).allMatch(b -> b.size() > 0);
    for (String[] c :
        new String[][] {
          {"openai", "gpt-4o-mini"},
          {"anthropic", "claude-sonnet-4-5"},
          {"gcp.gemini", "gemini-2.5-pro"},
          {"mistral_ai", "mistral-large-latest"},
          {"deepseek", "deepseek-chat"},
          {"x_ai", "grok-4.5"},
          {"cohere", "command-a-03-2025"},
          {"openai", "text-embedding-3-small"},
          {"aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}
        }) {
      NormalizedSpan call = new NormalizedSpan();
      call.layer = Layer.GATEWAY;
      call.provider = c[0];
      call.model = c[1];
      call.inputTokens = 1000;
      files.price(call);
      assertThat(call.costPicoUsd).as(c[0] + " " + c[1]).isNotEqualTo(PicoUsd.ABSENT).isPositive();
    }
  }

  @Test
  void shippedBooks_nameASourceInEveryEntry() throws Exception {
    try (Stream<Path> books = Files.list(FOLDER).filter(f -> f.toString().endsWith(".yaml"))) {
      for (Path book : books.toList()) {
        List<String> lines = Files.readAllLines(book);
        long entries = lines.stream().filter(l -> l.startsWith("  - model:")).count();
        long sources = lines.stream().filter(l -> l.startsWith("    source: \"https://")).count();
        assertThat(sources).as(book.toString()).isEqualTo(entries);
      }
    }
  }
}
