/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which headers pass a proxy, and how: this service's credentials never go out, and what comes in
 * reaches no further than the path it came from.
 */
final class ProxyHeaders {
  /** Cookies that open this service. */
  private static final Set<String> OWN_COOKIES = Set.of("spanmill_session", "session_id");

  private static final Set<String> NOT_SENT =
      Set.of(
          "authorization",
          "x-api-key",
          "x-agentops-api-key",
          "host",
          "connection",
          "keep-alive",
          "proxy-authorization",
          "proxy-authenticate",
          "proxy-connection",
          "transfer-encoding",
          "te",
          "trailer",
          "upgrade",
          "http2-settings",
          "forwarded",
          "x-real-ip",
          "via",
          // By these a front tells Grafana who the user is: a client must not.
          "remote-user",
          "x-remote-user");

  private static final List<String> NOT_SENT_PREFIXES =
      List.of("x-forwarded-", "x-webauth-", "x-auth-request-", "sec-websocket-");

  /** What would act on all of this host, or on how this service's own answers are treated. */
  private static final Set<String> NOT_RETURNED =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-connection",
          "transfer-encoding",
          "te",
          "trailer",
          "upgrade",
          "x-frame-options",
          "strict-transport-security",
          "clear-site-data",
          "service-worker-allowed",
          "alt-svc",
          "report-to",
          "reporting-endpoints",
          "nel",
          "www-authenticate",
          "cross-origin-opener-policy",
          "cross-origin-embedder-policy",
          "cross-origin-resource-policy",
          "origin-agent-cluster");

  private ProxyHeaders() {}

  static boolean isSent(String name) {
    String n = name.toLowerCase(Locale.ROOT);
    return !NOT_SENT.contains(n) && NOT_SENT_PREFIXES.stream().noneMatch(n::startsWith);
  }

  /** The value to send, or null: own cookies out, own origin as the upstream's own. */
  static @Nullable String sent(String name, String value, Upstream upstream, String ownHost) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "cookie" -> cookies(value);
      case "origin" ->
          value.equalsIgnoreCase("http://" + ownHost)
                  || value.equalsIgnoreCase("https://" + ownHost)
              ? upstream.origin()
              : value;
      default -> value;
    };
  }

  static boolean isReturned(String name) {
    String n = name.toLowerCase(Locale.ROOT);
    return !NOT_RETURNED.contains(n) && !n.startsWith("access-control-");
  }

  /** The value to return, or null. */
  static @Nullable String returned(String name, String value, Upstream upstream) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "location", "content-location" -> upstream.location(value);
      case "refresh" -> refresh(value, upstream);
      case "set-cookie" -> cookie(value, upstream);
      case "content-security-policy", "content-security-policy-report-only" -> framed(value);
      default -> value;
    };
  }

  /** The policy without its word on frames; only this service's screen may frame the page. */
  static String framed(String policy) {
    String rest =
        Arrays.stream(policy.split(";"))
            .map(String::trim)
            .filter(d -> !d.isEmpty() && !d.toLowerCase(Locale.ROOT).startsWith("frame-ancestors"))
            .collect(Collectors.joining("; "));
    return rest.isEmpty() ? "frame-ancestors 'self'" : rest + "; frame-ancestors 'self'";
  }

  private static @Nullable String cookies(String header) {
    String kept =
        Arrays.stream(header.split(";"))
            .map(String::trim)
            .filter(c -> !c.isEmpty() && !OWN_COOKIES.contains(nameOf(c)))
            .collect(Collectors.joining("; "));
    return kept.isEmpty() ? null : kept;
  }

  /** The cookie confined to the upstream's path; null if it bears the name of one of ours. */
  private static @Nullable String cookie(String value, Upstream upstream) {
    String[] parts = value.split(";");
    if (OWN_COOKIES.contains(nameOf(parts[0]))) {
      return null;
    }
    List<String> out = new ArrayList<>();
    out.add(parts[0].trim());
    String path = upstream.prefix();
    for (int i = 1; i < parts.length; i++) {
      String attribute = parts[i].trim();
      switch (nameOf(attribute).toLowerCase(Locale.ROOT)) {
        case "domain", "" -> {
          // For this host alone.
        }
        case "path" -> {
          String asked = attribute.substring(attribute.indexOf('=') + 1).trim();
          path = asked.equals("/") || !asked.startsWith("/") ? path : upstream.path(asked);
        }
        default -> out.add(attribute);
      }
    }
    out.add("Path=" + path);
    return String.join("; ", out);
  }

  private static String refresh(String value, Upstream upstream) {
    int at = value.toLowerCase(Locale.ROOT).indexOf("url=");
    return at < 0
        ? value
        : value.substring(0, at + 4) + upstream.location(value.substring(at + 4).trim());
  }

  private static String nameOf(String pair) {
    int at = pair.indexOf('=');
    return (at < 0 ? pair : pair.substring(0, at)).trim();
  }
}
