/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.auth;

import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Projects;
import io.spanmill.auth.Role;
import io.spanmill.auth.Tokens;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Tells senders by key, token, or neither. Thread-safe. */
public final class Callers {
  private static final String BEARER = "bearer ";
  private static final List<String> KEY_HEADERS = List.of("x-api-key", "x-agentops-api-key");
  private static final Principal OPEN =
      new Principal(Projects.DEFAULT, Set.of(Role.INGEST, Role.METRICS), Principal.ANONYMOUS);

  private final ApiKeys keys;
  private final Tokens tokens;
  private final boolean keysSet;
  private final boolean anonymous;

  /**
   * Reads the keys and checks {@code bind.address} against them.
   *
   * @throws SettingsException for bad keys, or an address beyond loopback that has neither keys nor
   *     {@code auth.anonymous}
   */
  public Callers(Settings settings, Clock clock) {
    keys = ApiKeys.of(settings);
    tokens = new Tokens(settings, keys, clock);
    anonymous = settings.bool(Keys.AUTH_ANONYMOUS);
    keysSet = keys.any();
    String address = settings.string(Keys.BIND_ADDRESS);
    if (!keysSet && !anonymous && !loopback(address)) {
      throw new SettingsException(
          List.of(
              Keys.BIND_ADDRESS
                  + " "
                  + address
                  + " is open to other machines: set auth.keys or auth.keys.file, or"
                  + " auth.anonymous=true to let everybody send and read"));
    }
  }

  /** Whether everybody may send. */
  public boolean anonymous() {
    return anonymous;
  }

  /**
   * Who sends this.
   *
   * @param header gives a header by its lower-case name, or null
   * @return null if a key is needed and there is none or a wrong one. Without keys everybody is let
   *     in whatever is shown; with keys a wrong one is refused even beside {@code auth.anonymous}.
   */
  public @Nullable Principal identify(Function<String, @Nullable String> header) {
    if (!keysSet) {
      return OPEN;
    }
    String credential = credential(header);
    if (credential == null || credential.isEmpty()) {
      return anonymous ? OPEN : null;
    }
    Principal byKey = keys.find(credential);
    return byKey == null && credential.indexOf('.') > 0 ? tokens.principal(credential) : byKey;
  }

  private static @Nullable String credential(Function<String, @Nullable String> header) {
    String authorization = header.apply("authorization");
    if (authorization != null && authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
      return authorization.substring(BEARER.length()).trim();
    }
    for (String name : KEY_HEADERS) {
      String key = header.apply(name);
      if (key != null) {
        return key.trim();
      }
    }
    return null;
  }

  private static boolean loopback(String address) {
    try {
      return InetAddress.getByName(address).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new SettingsException(
          List.of(Keys.BIND_ADDRESS + " " + address + " is no address of this machine"));
    }
  }
}
