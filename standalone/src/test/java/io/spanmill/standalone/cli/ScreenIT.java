/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The built screen, served by a real Spanmill with real traffic in it, in a real browser: the same
 * checks that the screen's own suite makes on made-up data.
 */
class ScreenIT {
  private static final Path WEB = Path.of("../query-api/web").toAbsolutePath().normalize();
  private static final List<Path> BROWSERS =
      Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
          .map(Path::of)
          .toList();

  @TempDir Path temp;

  @Test
  void screen_showsWhatTheApiSays() throws Exception {
    assumeThat(BROWSERS).as("install chromium").anyMatch(Files::isExecutable);
    assumeThat(WEB.resolve("node_modules")).as("run npm ci in query-api/web").exists();
    assumeThat(WEB.resolve("../target/web/index.html")).as("build the screen").exists();
    try (UpProcess up = UpProcess.start(temp.resolve("data"), temp.resolve("out")).awaitUp()) {
      String ingest = "http://127.0.0.1:" + up.runFile().settings().get("ingest.http.port");
      String screen = "http://127.0.0.1:" + up.runFile().settings().get("query.port");
      // Checked first, so that nothing moves any more under the browser.
      String load =
          "load --check --rate 400 --seconds 4 --url " + ingest + " --query-url " + screen;
      assertThat(SpanmillCommand.run(load.split(" "))).isZero();

      Path log = temp.resolve("browser");
      Process checks =
          new ProcessBuilder("node", "e2e/run.mjs", "--base", screen)
              .directory(WEB.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      await().atMost(Duration.ofMinutes(5)).until(() -> checks.waitFor(1, TimeUnit.SECONDS));

      assertThat(checks.exitValue()).as(Files.readString(log)).isZero();
    }
  }
}
