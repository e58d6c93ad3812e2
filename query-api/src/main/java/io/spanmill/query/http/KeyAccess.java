/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Projects;
import io.spanmill.auth.Role;
import io.spanmill.auth.Tokens;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Access by API key, token or login cookie. Without any configured key everybody on this machine
 * may do everything; in anonymous mode everybody without a key reads project {@code default}.
 */
final class KeyAccess implements Access {
  /** Cookies that hold a token: ours, and the one AgentOps' clients send. */
  static final String COOKIE = "spanmill_session";

  private static final String AGENTOPS_COOKIE = "session_id";

  private final ApiKeys keys;
  private final Tokens tokens;
  private final boolean anonymous;

  KeyAccess(ApiKeys keys, Tokens tokens, boolean anonymous) {
    this.keys = keys;
    this.tokens = tokens;
    this.anonymous = anonymous;
  }

  @Override
  public Caller caller(Context http) {
    String credential = credential(http);
    Principal principal = credential == null ? null : keys.find(credential);
    if (principal == null && credential != null) {
      principal = tokens.principal(credential);
    }
    if (principal == null) {
      principal = cookie(http, COOKIE);
    }
    if (principal == null) {
      principal = cookie(http, AGENTOPS_COOKIE);
    }
    if (principal != null) {
      return caller(principal);
    }
    // Who shows a wrong key is told so, as at ingest: a mistyped one must not read another project.
    if (anonymous && (credential == null || !keys.any())) {
      return new Caller(
          Projects.DEFAULT, Set.of("ingest", "read", "metrics"), "anonymous", http.ip());
    }
    if (!keys.any()) {
      Set<String> all = Set.of("ingest", "read", "metrics", "admin");
      return new Caller(Caller.ALL_PROJECTS, all, "loopback", http.ip());
    }
    throw new ApiException(
        401,
        "unauthorized",
        credential == null
            ? "no API key: send it as Authorization: Bearer KEY, or log in"
            : "unknown API key or expired token",
        null);
  }

  static Caller caller(Principal principal) {
    return new Caller(
        principal.project(),
        principal.roles().stream().map(Role::label).collect(Collectors.toSet()),
        "keys",
        principal.keyId());
  }

  private @Nullable Principal cookie(Context http, String name) {
    String value = http.cookie(name);
    return value == null ? null : tokens.principal(value);
  }

  private static @Nullable String credential(Context http) {
    String authorization = http.header("Authorization");
    if (authorization != null) {
      return authorization.toLowerCase(Locale.ROOT).startsWith("bearer ")
          ? authorization.substring(7).trim()
          : authorization.trim();
    }
    String key = http.header("X-API-Key");
    return key != null ? key : http.header("X-Agentops-Api-Key");
  }
}
