/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.linecorp.armeria.common.HttpHeaders;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Projects;
import io.spanmill.auth.Role;
import io.spanmill.auth.Tokens;
import io.spanmill.ingest.Outcome.Kind;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides for which project a sender may send. Thread-safe. */
final class Gate {
  private static final Principal ANYBODY =
      new Principal(Projects.DEFAULT, Set.of(Role.INGEST), "anonymous");

  private final ApiKeys keys;
  private final Tokens tokens;
  private final boolean open;

  /**
   * A gate.
   *
   * @param anonymous whether senders without a key are let in although there are keys
   */
  Gate(ApiKeys keys, Tokens tokens, boolean anonymous) {
    this.keys = keys;
    this.tokens = tokens;
    this.open = anonymous;
  }

  /** Either the project, or why not. */
  record Decision(String project, @Nullable Outcome refusal) {}

  Decision decide(HttpHeaders headers) {
    String key = credential(headers);
    Principal principal = key == null ? null : keys.find(key);
    if (principal == null && key != null) {
      principal = tokens.principal(key);
    }
    if (principal == null && (open || !keys.any())) {
      // Without keys a credential means nothing: AgentOps' SDK always sends one.
      principal = ANYBODY;
    }
    if (principal == null) {
      String what =
          key == null
              ? "no API key: send it as Authorization: Bearer KEY or X-API-Key"
              : "unknown API key or expired token";
      return new Decision("", Outcome.of(Kind.UNAUTHENTICATED, what));
    }
    if (!principal.has(Role.INGEST)) {
      return new Decision("", Outcome.of(Kind.FORBIDDEN, "the key does not have the role ingest"));
    }
    return new Decision(principal.project(), null);
  }

  private static @Nullable String credential(HttpHeaders headers) {
    String authorization = headers.get("authorization");
    if (authorization != null) {
      return authorization.toLowerCase(Locale.ROOT).startsWith("bearer ")
          ? authorization.substring(7).trim()
          : authorization.trim();
    }
    String key = headers.get("x-api-key");
    return key != null ? key : headers.get("x-agentops-api-key");
  }
}
