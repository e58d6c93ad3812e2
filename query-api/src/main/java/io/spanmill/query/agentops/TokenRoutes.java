/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Projects;
import io.spanmill.auth.Role;
import io.spanmill.auth.Tokens;
import io.spanmill.query.http.ApiException;
import io.spanmill.query.http.RateLimit;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * API keys for tokens. A key must be a UUID, as every AgentOps key is and its SDK demands; where no
 * key is configured any UUID gets a token of project {@code default}, so that the SDK works as it
 * comes. The token's project is its key's; that of a key for all projects the first one configured.
 */
final class TokenRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(TokenRoutes.class);

  /** As Python's {@code UUID(…)} takes them. */
  private static final Pattern UUID_FORM =
      Pattern.compile(
          "(?i)(?:urn:)?(?:uuid:)?\\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\\}?");

  private static final String STATUS = "pro";

  private final ApiKeys keys;
  private final Tokens tokens;
  private final Projects projects;
  private final Doorkeeper door;
  private final boolean keyless;
  private final RateLimit limit;

  TokenRoutes(
      ApiKeys keys,
      Tokens tokens,
      Projects projects,
      Doorkeeper door,
      boolean keyless,
      RateLimit limit) {
    this.keys = keys;
    this.tokens = tokens;
    this.projects = projects;
    this.door = door;
    this.keyless = keyless;
    this.limit = limit;
  }

  void register(RoutesConfig routes) {
    routes.post("/v3/auth/token", Replies.json(this::issue));
    routes.get("/v3/auth/token", Replies.json(this::verify));
    routes.post("/public/v1/auth/access_token", Replies.json(this::accessToken));
  }

  private Object issue(Context http) {
    String key = AskedValues.field(http, "api_key");
    String uuid = uuid(key);
    if (uuid == null) {
      throw AgentOpsError.error(400, "Invalid API key format");
    }
    Principal principal = principal(key, uuid);
    if (principal == null) {
      refused(http);
      throw AgentOpsError.error(403, "Invalid API key");
    }
    String projectId = projects.id(principal.project());
    return object(
        "token", tokens.issue(principal, projectId),
        "project_id", projectId,
        "project_prem_status", STATUS);
  }

  private Object accessToken(Context http) {
    String key = AskedValues.field(http, "api_key");
    if (key.isEmpty()) {
      throw AgentOpsError.detail(400, "api_key is required");
    }
    String uuid = uuid(key);
    if (uuid == null) {
      throw AgentOpsError.detail(400, "Invalid api_key format");
    }
    Principal principal = principal(key, uuid);
    if (principal == null) {
      refused(http);
      throw AgentOpsError.detail(404, "Project not found");
    }
    return object("bearer", tokens.issue(principal, projects.id(principal.project())));
  }

  private Object verify(Context http) {
    Tokens.Verified token = door.token(http);
    Map<String, @Nullable Object> claims = object();
    for (String name :
        new String[] {"exp", "aud", "project_id", "project_prem_status", "api_key"}) {
      claims.put(name, token.claims().get(name));
    }
    return object(
        "message",
        "JWT token is valid",
        "payload",
        claims,
        "expires_at",
        IsoTime.naive(token.claims().path("exp").asLong()));
  }

  private @Nullable Principal principal(String key, String uuid) {
    Principal found = keys.find(key);
    if (found == null) {
      found = keys.find(uuid);
    }
    if (found == null && keyless) {
      return new Principal(Projects.DEFAULT, Set.of(Role.INGEST, Role.READ), Principal.ANONYMOUS);
    }
    if (found != null && found.project().equals(Principal.ALL_PROJECTS)) {
      return new Principal(
          projects.names().stream().findFirst().orElse(Projects.DEFAULT),
          found.roles(),
          found.keyId());
    }
    return found;
  }

  /** Guessing keys must not pay; right keys are never held up, many SDKs may start at once. */
  private void refused(Context http) {
    try {
      limit.take("agentops token " + http.ip());
    } catch (ApiException e) {
      http.header("Retry-After", "1");
      throw AgentOpsError.error(429, "Too many wrong API keys, try again in a second");
    }
    LOG.info("audit action=token result=refused address={}", http.ip());
  }

  /** Lower case with hyphens; null if it is no UUID. */
  static @Nullable String uuid(String text) {
    Matcher m = UUID_FORM.matcher(text.trim());
    return m.matches()
        ? String.join("-", m.group(1), m.group(2), m.group(3), m.group(4), m.group(5))
            .toLowerCase(Locale.ROOT)
        : null;
  }
}
