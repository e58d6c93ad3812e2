/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What documents point at exists. */
class DocumentsTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#: ]+)(#[^)]*)?\\)");

  static List<Path> documents() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String top : List.of("docs", "compose", "litellm", "config")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(top))) {
        files.filter(path -> path.toString().endsWith(".md")).forEach(found::add);
      }
    }
    for (String name : List.of("README.md", "README.ko.md", "CONTRIBUTING.md")) {
      found.add(ROOT.resolve(name));
    }
    return found;
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyRelativeLink_leadsSomewhere(Path document) throws IOException {
    List<String> dead =
        LINK.matcher(Files.readString(document))
            .results()
            .map(match -> match.group(1))
            .filter(target -> !Files.exists(document.resolveSibling(target)))
            .toList();
    assertThat(dead).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "README.ko.md"})
  void readme_namesTheTwoCommandsAndAnExampleThatExists(String name) throws IOException {
    String text = Files.readString(ROOT.resolve(name));
    assertThat(text)
        .contains("./spanmill up\n./spanmill test\n")
        .contains("docs/examples/first-trace.json");
    assertThat(ROOT.resolve("docs/examples/first-trace.json")).exists();
  }

  @Test
  void decisionIndex_listsEveryDecision() throws IOException {
    String index = Files.readString(ROOT.resolve("docs/adr/README.md"));
    try (Stream<Path> files = Files.list(ROOT.resolve("docs/adr"))) {
      assertThat(
              files
                  .map(path -> path.getFileName().toString())
                  .filter(file -> !file.equals("README.md")))
          .allSatisfy(file -> assertThat(index).contains("(" + file + ")"));
    }
  }
}
