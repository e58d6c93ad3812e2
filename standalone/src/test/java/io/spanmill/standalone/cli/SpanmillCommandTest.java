/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.config.Build;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import io.spanmill.standalone.Composition;
import io.spanmill.standalone.ServiceKind;
import io.spanmill.standalone.embedded.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SpanmillCommandTest {
  @TempDir Path temp;

  @Test
  void help_isFine() {
    assertThat(SpanmillCommand.run("--help")).isEqualTo(ExitCode.OK);
    assertThat(SpanmillCommand.run("up", "--help")).isEqualTo(ExitCode.OK);
    assertThat(SpanmillCommand.run("send", "--help")).isEqualTo(ExitCode.OK);
    assertThat(SpanmillCommand.run("reconcile", "--help")).isEqualTo(ExitCode.OK);
    assertThat(SpanmillCommand.run("reprice", "--help")).isEqualTo(ExitCode.OK);
  }

  @Test
  void version_isToldByEveryCommand() {
    List<CommandLine> lines = new ArrayList<>(List.of(SpanmillCommand.line()));
    for (int i = 0; i < lines.size(); i++) {
      lines.addAll(lines.get(i).getSubcommands().values());
    }

    assertThat(lines)
        .allSatisfy(
            line ->
                assertThat(line.getCommandSpec().version())
                    .as(line.getCommandSpec().qualifiedName())
                    .containsExactly("Spanmill " + Build.read()));
  }

  @Test
  void wrongArguments_areUsage() {
    assertThat(SpanmillCommand.run(new String[0])).isEqualTo(ExitCode.USAGE);
    assertThat(SpanmillCommand.run("nonsense")).isEqualTo(ExitCode.USAGE);
    assertThat(SpanmillCommand.run("send", temp.resolve("none.json").toString()))
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void wrongRanges_areUsage() {
    assertThat(SpanmillCommand.run("reprice")).isEqualTo(ExitCode.USAGE);
    assertThat(SpanmillCommand.run("reprice", "--from", "now-1d")).isEqualTo(ExitCode.USAGE);
    assertThat(SpanmillCommand.run("reconcile", "--from", "yesterday")).isEqualTo(ExitCode.USAGE);
    assertThat(SpanmillCommand.run("reconcile", "--to", "2026-13-01")).isEqualTo(ExitCode.USAGE);
    assertThat(SpanmillCommand.run("reconcile", "--to", "+999999999-01-01"))
        .isEqualTo(ExitCode.USAGE);
    for (String command : List.of("reconcile", "reprice")) {
      assertThat(SpanmillCommand.run(command, "--from", "now-1h", "--to", "now-2h"))
          .as(command)
          .isEqualTo(ExitCode.USAGE);
    }
  }

  @Test
  void reconcileWithoutADatabase_isEnvironment_andCannotTellWithoutAnAnswer() {
    assertThat(SpanmillCommand.run("reconcile", "--data", temp.toString()))
        .isEqualTo(ExitCode.ENVIRONMENT);
    assertThat(
            SpanmillCommand.run(
                "reconcile", "--set", "clickhouse.url=http://127.0.0.1:" + Ports.free()))
        .isEqualTo(ExitCode.UNKNOWN);
  }

  @Test
  void unknownSetting_isUsage() {
    assertThat(SpanmillCommand.run("up", "--data", temp.toString(), "--set", "no.such=1"))
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void wrongKeysAddressAndProjects_areUsage_toldTogether_beforeAnythingStarts() {
    Settings settings =
        Settings.of(
            Map.of(
                "auth.keys", "short:shop:read,long-enough:shop:fly",
                "projects", "shop=no-uuid",
                "tls.cert.file", temp.resolve("none.pem").toString()));
    List<String> fatal = new ArrayList<>();
    assertThatThrownBy(() -> Composition.start(settings, List.of(ServiceKind.INGEST), fatal::add))
        .isInstanceOf(SettingsException.class)
        .hasMessageContainingAll(
            "auth.keys entry 1", "auth.keys entry 2", "projects: shop", "tls.cert.file");
    assertThat(
            SpanmillCommand.run(
                "up",
                "--data",
                temp.toString(),
                "--set",
                "bind.address=0.0.0.0",
                "--set",
                "projects=shop=x"))
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void foreignDataFolder_isEnvironment() throws IOException {
    Files.writeString(temp.resolve("letter.txt"), "mine");
    assertThat(SpanmillCommand.run("up", "--data", temp.toString()))
        .isEqualTo(ExitCode.ENVIRONMENT);
  }

  @Test
  void sendWithoutIngest_isEnvironment() throws IOException {
    Path file = Files.writeString(temp.resolve("t.json"), "{}");
    assertThat(
            SpanmillCommand.run(
                "send", "--url", "http://127.0.0.1:" + Ports.free(), file.toString()))
        .isEqualTo(ExitCode.ENVIRONMENT);
  }
}
