/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @Test
  void load_laterSourcesWin(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("s.properties");
    Files.writeString(file, "query.port=1\ningest.http.port=2\nkafka.port=3\n");
    Settings settings =
        Settings.load(
            file,
            Map.of("SPANMILL_INGEST_HTTP_PORT", "20", "SPANMILL_KAFKA_PORT", "30", "PATH", "x"),
            Map.of("kafka.port", "300"));
    assertThat(settings.integer(Keys.QUERY_PORT)).isEqualTo(1);
    assertThat(settings.integer(Keys.INGEST_HTTP_PORT)).isEqualTo(20);
    assertThat(settings.integer(Keys.KAFKA_PORT)).isEqualTo(300);
    assertThat(settings.integer(Keys.INGEST_GRPC_PORT)).isEqualTo(4317);
  }

  @Test
  void load_tellsAllProblemsAtOnceAndNoSecret() {
    SettingsException e =
        catchThrowableOfType(
            SettingsException.class,
            () ->
                Settings.load(
                    Path.of("no-such-file"),
                    Map.of("SPANMILL_NO_SUCH", "1"),
                    Map.of("query.port", "99999", "qery.port", "1", "content.storage", "maybe")));
    assertThat(e.problems()).hasSize(5);
    assertThat(e.getMessage())
        .contains(
            "no-such-file",
            "SPANMILL_NO_SUCH",
            "unknown setting qery.port",
            "99999",
            "content.storage",
            "maybe");
  }

  @Test
  void load_passesKafkaClientKeysThrough() {
    Settings settings =
        Settings.load(
            null,
            Map.of("SPANMILL_KAFKA_CLIENT_SASL_MECHANISM", "PLAIN"),
            Map.of("kafka.client.security.protocol", "SASL_SSL"));
    assertThat(settings.kafkaClient())
        .containsOnly(
            Map.entry("security.protocol", "SASL_SSL"), Map.entry("sasl.mechanism", "PLAIN"));
  }

  @Test
  void everySetting_hasADocumentAndAValidDefault() {
    Settings defaults = Settings.of(Map.of());
    Settings.definitions()
        .configKeys()
        .forEach(
            (name, key) -> {
              assertThat(key.documentation).as(name).isNotBlank().endsWith(".");
              assertThat(name).isEqualTo(name.toLowerCase(java.util.Locale.ROOT));
            });
    assertThat(defaults.list(Keys.HTTP_HOSTS)).containsExactly("localhost", "127.0.0.1", "[::1]");
  }
}
