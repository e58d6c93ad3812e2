/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HomePathsTest {
  private static final Path HOME = Path.of("/opt/spanmill");

  @Test
  void relativePaths_areBelowHome() {
    Settings resolved =
        HomePaths.resolve(Settings.of(Map.of(Keys.TLS_CERT_FILE, "tls/a.pem")), HOME);
    assertThat(resolved.string(Keys.DATA_DIR)).isEqualTo("/opt/spanmill/data");
    assertThat(resolved.string(Keys.TLS_CERT_FILE)).isEqualTo("/opt/spanmill/tls/a.pem");
    assertThat(resolved.list(Keys.PRICES_PATHS)).containsExactly("/opt/spanmill/config/prices");
  }

  @Test
  void absolutePathsUrlsAndUnsetOnes_stay() {
    Settings resolved =
        HomePaths.resolve(
            Settings.of(
                Map.of(
                    Keys.DATA_DIR,
                    "/var/spanmill",
                    Keys.PRICES_PATHS,
                    "own,https://prices.example/map.json")),
            HOME);
    assertThat(resolved.string(Keys.DATA_DIR)).isEqualTo("/var/spanmill");
    assertThat(resolved.string(Keys.TLS_KEY_FILE)).isEmpty();
    assertThat(resolved.list(Keys.PRICES_PATHS))
        .containsExactly("/opt/spanmill/own", "https://prices.example/map.json");
  }
}
