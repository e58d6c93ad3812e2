/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.config.Settings;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class SettingsDocumentTest {
  private static final Path ROOT = Path.of("..");
  private final SettingsDocument document = new SettingsDocument(Settings.definitions());

  @Test
  void committedTable_isTheGeneratedOne() throws IOException {
    assertThat(Files.readString(ROOT.resolve("docs/settings.md")))
        .as("run ./spanmill settings > docs/settings.md")
        .isEqualTo(document.markdown());
  }

  @Test
  void committedFile_isTheGeneratedOne() throws IOException {
    assertThat(Files.readString(ROOT.resolve("config/spanmill.properties")))
        .as("run ./spanmill settings --format properties > config/spanmill.properties")
        .isEqualTo(document.properties());
  }

  @Test
  void generatedFile_withoutTheHashes_isValidAndChangesNothing() throws IOException {
    String uncommented = document.properties().replaceAll("(?m)^#([a-z][a-z.]*=)", "$1");
    Properties properties = new Properties();
    properties.load(new StringReader(uncommented));
    assertThat(properties.stringPropertyNames())
        .containsExactlyInAnyOrderElementsOf(Settings.definitions().configKeys().keySet());
    Map<String, String> given = new java.util.HashMap<>();
    properties.stringPropertyNames().forEach(name -> given.put(name, properties.getProperty(name)));
    Settings all = Settings.of(given);
    Settings none = Settings.of(Map.of());
    for (String key : Settings.definitions().configKeys().keySet()) {
      assertThat(Settings.definitions().parse(Map.of(key, given.get(key))).get(key))
          .as(key)
          .isEqualTo(Settings.definitions().parse(Map.of()).get(key));
    }
    assertThat(all.kafkaClient()).isEqualTo(none.kafkaClient());
  }
}
