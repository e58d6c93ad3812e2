/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Makes the relative paths in settings mean the same from every working folder: they are relative
 * to Spanmill's own folder.
 */
final class HomePaths {
  private static final List<String> SINGLE =
      List.of(
          Keys.DATA_DIR,
          Keys.AUTH_KEYS_FILE,
          Keys.TLS_CERT_FILE,
          Keys.TLS_KEY_FILE,
          Keys.TLS_CLIENT_CA_FILE,
          Keys.CUBES_FILE,
          Keys.DIALECTS_FILE,
          Keys.ENGINES_FILE,
          Keys.QUERY_WEB_DIR);

  private HomePaths() {}

  /** The settings with every path absolute. */
  static Settings resolve(Settings settings, Path home) {
    Map<String, String> absolute = new HashMap<>();
    for (String key : SINGLE) {
      String value = settings.string(key);
      if (!value.isEmpty()) {
        absolute.put(key, against(home, value));
      }
    }
    absolute.put(
        Keys.PRICES_PATHS,
        settings.list(Keys.PRICES_PATHS).stream()
            .map(value -> value.contains("://") ? value : against(home, value))
            .collect(Collectors.joining(",")));
    return settings.with(absolute);
  }

  private static String against(Path home, String value) {
    return home.resolve(value).normalize().toString();
  }
}
