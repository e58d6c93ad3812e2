/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpIT {
  @TempDir Path temp;

  @Test
  void instance_refusesASecondOnItsData_andEndsCleanlyInTime() throws Exception {
    Path data = temp.resolve("data");
    try (UpProcess up = UpProcess.start(data, temp.resolve("out")).awaitUp()) {
      ProcessHandle clickHouse = up.clickHouse();
      try (UpProcess second = UpProcess.start(data, temp.resolve("second"))) {
        assertThat(second.exitCode()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(second.output().strip())
            .startsWith("spanmill: another Spanmill (process " + up.runFile().pid() + ")")
            .doesNotContain("\n");
      }
      long before = System.nanoTime();

      assertThat(up.terminate()).as(up.output()).isZero();

      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(60));
      assertThat(up.output()).contains("stopped; the data are in");
      assertThat(clickHouse.isAlive()).isFalse();
      assertThat(temp.resolve("data/run.properties")).doesNotExist();
    }
  }

  @Test
  void killedInstance_startsAgainAtOnce_andLeavesNoOrphan() throws Exception {
    Path data = temp.resolve("data");
    try (UpProcess up = UpProcess.start(data, temp.resolve("first")).awaitUp()) {
      ProcessHandle clickHouse = up.clickHouse();
      Map<String, String> first = up.runFile().settings();
      String clickHousePort = first.get("clickhouse.url").replaceAll(".*:", "");
      String kafkaPort = first.get("kafka.bootstrap").replaceAll(".*:", "");

      up.kill9();

      // The same ports, as an instance has them: to meet a server that is still on its way out, and
      // because the broker ends the transactions it was killed in at the address it had.
      try (UpProcess again =
          UpProcess.start(
                  data,
                  temp.resolve("second"),
                  "--set",
                  "clickhouse.http.port=" + clickHousePort,
                  "--set",
                  "kafka.port=" + kafkaPort)
              .awaitUp()) {
        assertThat(clickHouse.isAlive()).isFalse();
        ProcessHandle next = again.clickHouse();

        again.kill9();

        // Nobody starts again here who would end it.
        await().atMost(Duration.ofSeconds(60)).until(() -> !next.isAlive());
      }
    }
  }

  @Test
  void takenPort_isToldWithItsSetting() throws Exception {
    try (ServerSocket stranger = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        UpProcess up =
            UpProcess.start(
                temp.resolve("data"),
                temp.resolve("out"),
                "--set",
                "kafka.port=" + stranger.getLocalPort())) {
      assertThat(up.exitCode()).isEqualTo(ExitCode.ENVIRONMENT);
      assertThat(up.output().strip())
          .startsWith("spanmill: port " + stranger.getLocalPort() + " on 127.0.0.1 is taken")
          .contains("kafka.port")
          .doesNotContain("\n");
    }
  }
}
