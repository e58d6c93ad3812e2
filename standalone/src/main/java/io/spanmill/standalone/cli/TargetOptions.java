/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Settings;
import io.spanmill.standalone.traffic.OtlpClient;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where a sending command sends. */
final class TargetOptions {
  @Mixin private SettingsOptions options = new SettingsOptions();

  @Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "Address of the ingest (default: the one running here, else the port in the settings).")
  private @Nullable URI url;

  @Option(names = "--key", paramLabel = "KEY", description = "API key with the role ingest.")
  private @Nullable String key;

  @Option(names = "--gzip", description = "Compresses the requests.")
  private boolean gzip;

  Settings settings() {
    return options.loadBesideRunning();
  }

  URI address() {
    return url == null ? Addresses.ingest(settings()) : url;
  }

  OtlpClient client() {
    return new OtlpClient(address(), key, gzip);
  }
}
