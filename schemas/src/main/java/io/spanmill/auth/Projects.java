/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Names and UUIDs of projects: each has both, and either is understood. Immutable. */
public final class Projects {
  /** The project of those who need no key. */
  public static final String DEFAULT = "default";

  private final Map<String, String> ids;

  private Projects(Map<String, String> ids) {
    this.ids = ids;
  }

  /**
   * The projects of the setting {@code projects}.
   *
   * @throws SettingsException if a UUID is none
   */
  public static Projects of(Settings settings) {
    Map<String, String> ids = new LinkedHashMap<>();
    for (String entry : settings.list(Keys.PROJECTS)) {
      int at = entry.indexOf('=');
      String name = at < 0 ? entry : entry.substring(0, at).trim();
      String id = at < 0 ? derived(name) : entry.substring(at + 1).trim();
      if (!isUuid(id)) {
        throw new SettingsException(
            List.of("projects: " + name + " has no UUID behind the = but " + id));
      }
      ids.put(name, id.toLowerCase(java.util.Locale.ROOT));
    }
    return new Projects(ids);
  }

  /** The configured names, in their order. */
  public List<String> names() {
    return List.copyOf(ids.keySet());
  }

  /** The project's UUID: the configured one, else one derived from the name. */
  public String id(String name) {
    String id = ids.get(name);
    return id == null ? derived(name) : id;
  }

  /**
   * The name behind a name or UUID.
   *
   * @param known names that are known besides the configured ones
   * @return null if it is none of them
   */
  public @Nullable String name(String nameOrId, Iterable<String> known) {
    for (Iterable<String> names : List.<Iterable<String>>of(ids.keySet(), known)) {
      for (String name : names) {
        if (name.equals(nameOrId) || id(name).equalsIgnoreCase(nameOrId)) {
          return name;
        }
      }
    }
    return null;
  }

  /** Whether the text has the form of a UUID. */
  public static boolean isUuid(String text) {
    return text.matches("(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  }

  private static String derived(String name) {
    return UUID.nameUUIDFromBytes(("spanmill-project:" + name).getBytes(StandardCharsets.UTF_8))
        .toString();
  }
}
