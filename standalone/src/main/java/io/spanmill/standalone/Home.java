/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Spanmill's own folder, and the settings as read from there. */
public final class Home {
  /** System property set by the start script. */
  private static final String PROPERTY = "spanmill.home";

  private static final String CONFIG = "config/spanmill.properties";

  private Home() {}

  /** The folder of the start script, else the working folder. */
  public static Path dir() {
    return Path.of(System.getProperty(PROPERTY, "")).toAbsolutePath().normalize();
  }

  /**
   * The settings in force, with absolute paths.
   *
   * @param file properties file; null for the one in Spanmill's folder, if it is there
   * @param overrides settings of the command line
   * @throws io.spanmill.config.SettingsException naming all problems
   */
  public static Settings settings(
      @Nullable Path file, Map<String, String> environment, Map<String, String> overrides) {
    Path usual = dir().resolve(CONFIG);
    Path chosen = file == null && Files.isRegularFile(usual) ? usual : file;
    return HomePaths.resolve(Settings.load(chosen, environment, overrides), dir());
  }
}
