/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A configured server and the path it is shown under. Every address asked for is made of the
 * configured scheme, host and port and of a path below the configured one; nothing a client sends
 * can lead anywhere else. Immutable.
 *
 * @param name as in paths and messages
 * @param setting the setting that configures it
 * @param base scheme, authority and path without a trailing slash
 */
record Upstream(String name, String setting, URI base) {
  /** Steps out of the path, also escaped once; path parameters; backslashes; control characters. */
  private static final Pattern REFUSED =
      Pattern.compile(
          "(?:^|/)\\.{1,2}(?:/|$)|%2e|%2f|%5c|%00|%25(?:2e|2f|5c|00)|[\\\\;\\p{Cntrl}]",
          Pattern.CASE_INSENSITIVE);

  /**
   * Reads an address as it is configured.
   *
   * @throws IllegalArgumentException telling what is wrong with it
   */
  static Upstream of(String name, String setting, String address) {
    URI uri;
    try {
      uri = new URI(address.endsWith("/") ? address.substring(0, address.length() - 1) : address);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(setting + " is no URL: " + e.getReason(), e);
    }
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if ((!scheme.equals("http") && !scheme.equals("https"))
        || uri.getHost() == null
        || uri.getRawUserInfo() != null
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          setting + " must be http(s)://host[:port][/path], without user, query and fragment");
    }
    return new Upstream(name, setting, uri);
  }

  /** Path under which it is shown, without a trailing slash. */
  String prefix() {
    return prefix(name);
  }

  static String prefix(String name) {
    return "/api/proxy/" + name;
  }

  /** Scheme, host and port. */
  String origin() {
    return base.getScheme() + "://" + base.getRawAuthority();
  }

  /**
   * The upstream's address for a path below {@link #prefix()}.
   *
   * @param path as it came, still escaped
   * @return null if the path is refused
   */
  @Nullable URI target(String path, @Nullable String query) {
    String rest = path.substring(prefix().length());
    if (!rest.startsWith("/") || REFUSED.matcher(rest).find()) {
      return null;
    }
    try {
      URI target =
          new URI(origin() + base.getRawPath() + rest + (query == null ? "" : "?" + query));
      // Whatever a parser may make of it: not another server, not above the path.
      boolean within =
          base.getRawAuthority().equals(target.getRawAuthority())
              && target.normalize().getRawPath().startsWith(base.getRawPath() + "/");
      return within ? target : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  /**
   * A place the upstream points to, as a browser reaches it: its own addresses and root-relative
   * paths go through the proxy, other servers stay as they are.
   */
  String location(String location) {
    String origin = origin();
    if (location.regionMatches(true, 0, origin, 0, origin.length())) {
      String rest = location.substring(origin.length());
      return rest.isEmpty() ? prefix() + "/" : rest.startsWith("/") ? path(rest) : location;
    }
    return location.startsWith("/") && !location.startsWith("//") ? path(location) : location;
  }

  /** A path on the upstream as a path below {@link #prefix()}; one that is there already stays. */
  String path(String path) {
    if (path.equals(prefix()) || path.startsWith(prefix() + "/")) {
      return path;
    }
    String own = base.getRawPath();
    return prefix() + (path.startsWith(own + "/") ? path.substring(own.length()) : path);
  }
}
