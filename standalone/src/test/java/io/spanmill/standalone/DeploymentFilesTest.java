/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What no container engine is needed for: the files under compose, config and litellm fit together.
 */
class DeploymentFilesTest {
  private static final Path ROOT = Path.of("..");
  private static final Path COMPOSE = ROOT.resolve("compose");

  static List<Path> yamlFiles() throws IOException {
    List<Path> all = new ArrayList<>();
    for (String dir : List.of("compose", "config", "litellm")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(dir))) {
        files.filter(path -> path.toString().matches(".*\\.ya?ml")).forEach(all::add);
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("yamlFiles")
  void yaml_parsesWithoutDoubleKeys(Path file) throws IOException {
    assertThat(yaml(file)).as(file.toString()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"docker-compose.yml", "docker-compose.production.yml"})
  void everyMountedFile_exists(String name) throws IOException {
    List<String> mounted = new ArrayList<>();
    services(name)
        .values()
        .forEach(
            service ->
                list(service.get("volumes")).stream()
                    .map(volume -> volume.toString().split(":")[0])
                    .filter(source -> source.startsWith("."))
                    .forEach(mounted::add));
    assertThat(mounted)
        .isNotEmpty()
        .allSatisfy(source -> assertThat(COMPOSE.resolve(source)).exists());
  }

  @ParameterizedTest
  @ValueSource(strings = {"docker-compose.yml", "docker-compose.production.yml"})
  void everySpanmillVariable_isASetting(String name) throws IOException {
    Set<String> used = new TreeSet<>();
    services(name)
        .values()
        .forEach(service -> used.addAll(map(service.get("environment")).keySet()));
    assertKnown(used);
  }

  @Test
  void variablesOfTheImage_areSettings() throws IOException {
    Set<String> used =
        Pattern.compile("(SPANMILL_[A-Z_]+)=")
            .matcher(Files.readString(COMPOSE.resolve("Dockerfile")))
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toSet());
    assertThat(used).isNotEmpty();
    assertKnown(used);
  }

  @Test
  void everyPublishedPort_isOnLoopback() throws IOException {
    List<Object> ports = new ArrayList<>();
    services("docker-compose.yml")
        .values()
        .forEach(service -> ports.addAll(list(service.get("ports"))));
    assertThat(ports)
        .isNotEmpty()
        .allSatisfy(port -> assertThat(port.toString()).startsWith("127.0.0.1:"));
  }

  @Test
  void everyService_isPinnedWatchedAndLimited() throws IOException {
    services("docker-compose.yml")
        .forEach(
            (name, service) -> {
              assertThat(service.get("image").toString()).as(name).matches(".+:v?[0-9]+\\.[0-9.]+");
              assertThat(service).as(name).containsKeys("healthcheck", "mem_limit", "restart");
            });
  }

  @Test
  void broker_hasTheVersionOfTheClient() throws IOException {
    String image = services("docker-compose.yml").get("kafka").get("image").toString();
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    String client = pom.replaceAll("(?s).*<kafka.version>([^<]+)</kafka.version>.*", "$1");
    assertThat(image).isEqualTo("apache/kafka:" + client);
  }

  @Test
  void production_demandsEverySecret() throws IOException {
    String text = Files.readString(COMPOSE.resolve("docker-compose.production.yml"));
    for (String name :
        List.of(
            "SPANMILL_INGEST_KEY",
            "SPANMILL_READ_KEY",
            "SPANMILL_METRICS_KEY",
            "SPANMILL_ADMIN_KEY",
            "SPANMILL_TOKEN_SECRET",
            "CLICKHOUSE_PASSWORD",
            "LITELLM_MASTER_KEY",
            "GRAFANA_ADMIN_PASSWORD")) {
      assertThat(text).contains("${" + name + ":?");
      assertThat(Files.readString(COMPOSE.resolve("README.md"))).contains(name);
    }
    assertThat(
            services("docker-compose.production.yml").get("ingest").get("environment").toString())
        .contains("SPANMILL_AUTH_ANONYMOUS=false");
  }

  @Test
  void liteLlm_sendsToIngestByItsOtelCallback() throws IOException {
    Map<String, Object> environment =
        map(services("docker-compose.yml").get("litellm").get("environment"));
    assertThat(environment)
        .containsEntry("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .containsEntry("OTEL_EXPORTER_OTLP_ENDPOINT", "http://ingest:4318/v1/traces");
    Map<String, Object> settings =
        map(map(yaml(ROOT.resolve("litellm/config.yaml"))).get("litellm_settings"));
    assertThat(list(settings.get("callbacks"))).contains("otel");
  }

  @Test
  void dashboard_hasTheEightPanelsOverOneDatasourceVariable() throws IOException {
    JsonNode dashboard = Dashboard.read(ROOT);
    assertThat(Dashboard.panels(dashboard).stream().map(panel -> panel.path("title").asText()))
        .containsExactly(
            "Total Requests (5m)",
            "Request Rate (1m)",
            "Error Rate (%)",
            "P95 Latency (ms)",
            "Request Rate by Model",
            "Latency by Model",
            "Token Usage (5m)",
            "Cost per Model (5m)");
    for (JsonNode panel : Dashboard.panels(dashboard)) {
      assertThat(panel.path("datasource").path("uid").asText()).isEqualTo("${datasource}");
      assertThat(panel.path("targets")).isNotEmpty();
      assertThat(
              panel.path("fieldConfig").path("defaults").path("links").path(0).path("url").asText())
          .startsWith("${screen}/?tab=traces");
    }
  }

  @Test
  void prometheusFiles_passPromtool() throws Exception {
    assumeThat(Dashboard.program("promtool"))
        .as("promtool, of Debian's package prometheus")
        .isPresent();
    assertThat(promtool("check", "rules", "config/prometheus-rules.yml")).contains("SUCCESS");
    assertThat(promtool("check", "config", "--syntax-only", "config/prometheus.yml"))
        .contains("SUCCESS");
    assertThat(promtool("check", "config", "--syntax-only", "config/prometheus-production.yml"))
        .contains("SUCCESS");
  }

  private static String promtool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("promtool"));
    command.addAll(Arrays.asList(arguments));
    Process process =
        new ProcessBuilder(command).directory(ROOT.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private static void assertKnown(Set<String> variables) {
    Set<String> known =
        Settings.definitions().configKeys().keySet().stream()
            .map(key -> "SPANMILL_" + key.replace('.', '_').toUpperCase(Locale.ROOT))
            .collect(Collectors.toSet());
    assertThat(variables.stream().filter(name -> name.startsWith("SPANMILL_"))).isSubsetOf(known);
  }

  private static Map<String, Map<String, Object>> services(String file) throws IOException {
    Map<String, Object> services = map(map(yaml(COMPOSE.resolve(file))).get("services"));
    return services.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> map(entry.getValue())));
  }

  private static Object yaml(Path file) throws IOException {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(options)).load(Files.readString(file));
  }

  private static Map<String, Object> map(Object value) {
    return new ObjectMapper()
        .convertValue(
            value == null ? Map.of() : value,
            new com.fasterxml.jackson.core.type.TypeReference<>() {});
  }

  private static List<Object> list(Object value) {
    return value instanceof List<?> list ? new ArrayList<>(list) : List.of();
  }
}
