/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Answers requests for known host names only, so that no web page can reach a server on this
 * machine under a name of its own (DNS rebinding).
 */
final class HostCheck {
  private final Set<String> hosts;

  HostCheck(Settings settings) {
    hosts =
        settings.list(Keys.HTTP_HOSTS).stream()
            .map(h -> h.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }

  void check(Context http) {
    if (hosts.contains("*")) {
      return;
    }
    String header = http.header("Host");
    String host = header == null ? "" : withoutPort(header.toLowerCase(Locale.ROOT));
    if (!hosts.contains(host)) {
      throw new ApiException(421, "unknown_host", "host '" + host + "' is not in http.hosts", null);
    }
  }

  private static String withoutPort(String host) {
    int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.indexOf(':');
    return end <= 0 ? host : host.substring(0, end);
  }
}
