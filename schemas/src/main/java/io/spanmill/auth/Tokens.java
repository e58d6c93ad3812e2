/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Tokens as AgentOps' SDK fetches them: JWT, HS256, {@code aud=authenticated}, 30 days. A token
 * ends with its key, and allows nothing the key does not allow any more. Thread-safe.
 */
public final class Tokens {
  /** How long a token is valid. */
  public static final Duration VALIDITY = Duration.ofDays(30);

  private static final String AUDIENCE = "authenticated";
  private static final String HEADER = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final ObjectMapper JSON = new ObjectMapper();

  private final byte[] secret;
  private final ApiKeys keys;
  private final boolean anonymous;
  private final Clock clock;

  public Tokens(Settings settings, ApiKeys keys, Clock clock) {
    String configured = settings.secret(Keys.AUTH_TOKEN_SECRET);
    if (configured.isEmpty()) {
      secret = new byte[32];
      new SecureRandom().nextBytes(secret);
    } else {
      secret = configured.getBytes(StandardCharsets.UTF_8);
    }
    this.keys = keys;
    this.anonymous = settings.bool(Keys.AUTH_ANONYMOUS);
    this.clock = clock;
  }

  /** A token for this principal; {@code projectId} is the project's UUID. */
  public String issue(Principal principal, String projectId) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("exp", clock.instant().plus(VALIDITY).getEpochSecond());
    claims.put("aud", AUDIENCE);
    claims.put("project_id", projectId);
    claims.put("project_prem_status", "pro");
    // AgentOps puts the key itself here; its short hash names it as well and opens nothing.
    claims.put("api_key", principal.keyId());
    claims.put("project", principal.project());
    claims.put("roles", principal.roles().stream().map(Role::label).sorted().toList());
    try {
      String head = BASE64.encodeToString(HEADER.getBytes(StandardCharsets.UTF_8));
      String body = head + "." + BASE64.encodeToString(JSON.writeValueAsBytes(claims));
      return body + "." + BASE64.encodeToString(sign(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a token says, once signature, audience and time are checked. */
  public record Verified(Principal principal, JsonNode claims) {}

  /**
   * Checks a token.
   *
   * @throws TokenException telling why it is not valid
   */
  public Verified verify(String token) throws TokenException {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      throw new TokenException("Invalid token");
    }
    try {
      byte[] given = Base64.getUrlDecoder().decode(parts[2]);
      JsonNode header = JSON.readTree(Base64.getUrlDecoder().decode(parts[0]));
      if (!"HS256".equals(header.path("alg").asText())
          || !MessageDigest.isEqual(given, sign(parts[0] + "." + parts[1]))) {
        throw new TokenException("Invalid token");
      }
      JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
      if (!AUDIENCE.equals(claims.path("aud").asText())) {
        throw new TokenException("Invalid audience");
      }
      if (claims.path("exp").asLong() <= clock.instant().getEpochSecond()) {
        throw new TokenException("Token has expired");
      }
      Set<Role> roles = EnumSet.noneOf(Role.class);
      claims
          .path("roles")
          .forEach(r -> roles.add(Role.valueOf(r.asText().toUpperCase(Locale.ROOT))));
      Principal told =
          new Principal(claims.path("project").asText(), roles, claims.path("api_key").asText());
      return new Verified(current(told), claims);
    } catch (java.io.IOException | IllegalArgumentException e) {
      throw new TokenException("Invalid token");
    }
  }

  /** What the key of a token leaves of it; without configured keys, what the token says. */
  private Principal current(Principal told) throws TokenException {
    if (!keys.any() || (anonymous && told.keyId().equals(Principal.ANONYMOUS))) {
      return told;
    }
    Principal now = keys.byId(told.keyId());
    if (now == null || !now.mayRead(told.project())) {
      throw new TokenException("Invalid token: its API key is not valid any more");
    }
    Set<Role> left = EnumSet.noneOf(Role.class);
    told.roles().stream().filter(now::has).forEach(left::add);
    return new Principal(told.project(), left, told.keyId());
  }

  /** The principal of a token, or null if it is not valid. */
  public @Nullable Principal principal(String token) {
    try {
      return verify(token).principal();
    } catch (TokenException e) {
      return null;
    }
  }

  private byte[] sign(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }
}
