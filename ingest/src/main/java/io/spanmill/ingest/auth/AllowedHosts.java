/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.auth;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The names of {@code http.hosts}: a page that points a name of its own at this machine (DNS
 * rebinding) is not answered. Immutable.
 */
public final class AllowedHosts {
  private final Set<String> hosts;

  public AllowedHosts(Settings settings) {
    hosts =
        settings.list(Keys.HTTP_HOSTS).stream()
            .map(host -> host.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Whether a request for this may be answered.
   *
   * @param authority the Host header or {@code :authority}, with or without a port; null if absent
   */
  public boolean allows(@Nullable String authority) {
    if (hosts.contains("*")) {
      return true;
    }
    if (authority == null) {
      return false;
    }
    String host = authority.toLowerCase(Locale.ROOT);
    int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.indexOf(':');
    return hosts.contains(end <= 0 ? host : host.substring(0, end));
  }
}
