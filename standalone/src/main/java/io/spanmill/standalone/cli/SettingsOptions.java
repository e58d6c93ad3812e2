/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.DataFolder;
import io.spanmill.standalone.Home;
import io.spanmill.standalone.RunFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options by which every command finds its settings. */
final class SettingsOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Properties file (default: config/spanmill.properties of Spanmill's folder).")
  private @Nullable Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "One setting, over file and environment. May be repeated.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(names = "--data", paramLabel = "DIR", description = "Data folder (setting data.dir).")
  private @Nullable Path data;

  /** The settings of file, environment and command line, with absolute paths. */
  Settings load() {
    return load(Map.of());
  }

  /**
   * The same for a command beside a running Spanmill: that one's addresses fill what is not set.
   */
  Settings loadBesideRunning() {
    Settings own = load();
    return running(own).map(RunFile::settings).map(this::load).orElse(own);
  }

  /** What the Spanmill that holds the data folder has written down, if there is one. */
  static Optional<RunFile> running(Settings settings) {
    Path dir = Path.of(settings.string(Keys.DATA_DIR));
    return DataFolder.inUse(dir) ? RunFile.read(dir) : Optional.empty();
  }

  private Settings load(Map<String, String> running) {
    Map<String, String> all = new HashMap<>(running);
    all.putAll(overrides);
    if (data != null) {
      all.put(Keys.DATA_DIR, data.toAbsolutePath().normalize().toString());
    }
    return Home.settings(file, System.getenv(), all);
  }
}
