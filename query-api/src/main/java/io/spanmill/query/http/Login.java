/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Projects;
import io.spanmill.auth.Role;
import io.spanmill.auth.Tokens;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /api/v1/login} turns a key into a cookie that scripts cannot read. */
final class Login implements RouteRegistrar {
  private static final Logger LOG = LoggerFactory.getLogger(Login.class);

  private final ApiKeys keys;
  private final Tokens tokens;
  private final Projects projects;
  private final RateLimit limit;

  Login(ApiKeys keys, Tokens tokens, Projects projects, RateLimit limit) {
    this.keys = keys;
    this.tokens = tokens;
    this.projects = projects;
    this.limit = limit;
  }

  @Override
  public void register(RoutesConfig routes, Access access) {
    routes.post("/api/v1/login", this::login);
    routes.post("/api/v1/logout", Login::logout);
  }

  @Override
  public List<RouteDoc> documentation() {
    return List.of(
        new RouteDoc(
            "post",
            "/api/v1/login",
            "Turns a key into the session cookie.",
            null,
            Set.of(),
            "LoginRequest",
            "application/json",
            "LoginAnswer"),
        new RouteDoc(
            "post", "/api/v1/logout", "Ends the session.", null, Set.of(), null, "", null));
  }

  private void login(Context http) {
    limit.take("login " + http.ip());
    Principal principal = keys.find(key(http));
    if (principal == null) {
      LOG.info("audit action=login result=refused address={}", http.ip());
      throw new ApiException(401, "unauthorized", "unknown API key", "key");
    }
    String token = tokens.issue(principal, projects.id(principal.project()));
    http.cookie(cookie(token, (int) Tokens.VALIDITY.toSeconds(), secure(http)));
    LOG.info("audit action=login result=ok key={} address={}", principal.keyId(), http.ip());
    http.contentType("application/json")
        .header("Cache-Control", "no-store")
        .result(
            Json.bytes(
                object(
                    "project", principal.project(),
                    "roles", principal.roles().stream().map(Role::label).sorted().toList())));
  }

  private static void logout(Context http) {
    http.cookie(cookie("", 0, secure(http)));
    http.status(204);
  }

  private static Cookie cookie(String value, int maxAgeSeconds, boolean secure) {
    return new Cookie(
        KeyAccess.COOKIE, value, "/", maxAgeSeconds, secure, true, null, SameSite.STRICT);
  }

  private static boolean secure(Context http) {
    return http.scheme().equals("https") || "https".equals(http.header("X-Forwarded-Proto"));
  }

  private static String key(Context http) {
    try {
      JsonNode key = Json.MAPPER.readTree(RequestBody.text(http)).path("key");
      if (key.isTextual()) {
        return key.asText();
      }
    } catch (JsonProcessingException e) {
      LOG.debug("login body is no JSON");
    }
    throw new ApiException(400, "bad_body", "the body must be {\"key\": \"…\"}", "key");
  }
}
