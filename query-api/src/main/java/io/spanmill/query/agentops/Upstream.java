/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.http.Json;
import io.spanmill.query.http.UpstreamState;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Another AgentOps, read with a key of one of its projects. Its token is fetched when it is first
 * needed, kept, and fetched anew when it is refused. Thread-safe.
 */
final class Upstream {
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final int MAX_ANSWER_BYTES = 64 * 1024 * 1024;

  private final URI base;
  private final String key;
  private final String session;
  private final String project;
  private final Duration timeout;
  private final HttpClient http;
  private final Clock clock;
  private volatile @Nullable Token token;
  private volatile Asked last = new Asked(null, null);

  private record Asked(@Nullable Long atMs, @Nullable String problem) {}

  private record Token(String bearer, String projectId) {}

  /** It cannot be read; the message says why and what to do. */
  static final class Unavailable extends Exception {
    Unavailable(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  private Upstream(Settings settings, String url, Clock clock) {
    this.clock = clock;
    this.base = URI.create(url.replaceAll("/+$", ""));
    this.key = settings.secret(Keys.AGENTOPS_UPSTREAM_KEY);
    this.session = settings.secret(Keys.AGENTOPS_UPSTREAM_SESSION);
    this.project = settings.string(Keys.AGENTOPS_UPSTREAM_PROJECT);
    this.timeout = Duration.ofMillis(settings.longValue(Keys.AGENTOPS_UPSTREAM_TIMEOUT_MS));
    this.http =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /** The one of the settings, or null if none is configured. */
  static @Nullable Upstream of(Settings settings, Clock clock) {
    String url = settings.string(Keys.AGENTOPS_UPSTREAM_URL);
    return url.isEmpty() ? null : new Upstream(settings, url, clock);
  }

  /** Name of the project here that it is set beside. */
  String project() {
    return project;
  }

  /** Its address, without anything secret. */
  String url() {
    String port = base.getPort() < 0 ? "" : ":" + base.getPort();
    return base.getScheme() + "://" + base.getHost() + port + base.getPath();
  }

  JsonNode traces(Map<String, List<String>> parameters) throws Unavailable {
    return read("/v4/traces/list/{project}", parameters);
  }

  JsonNode metrics(Map<String, List<String>> parameters) throws Unavailable {
    return read("/v4/meterics/project/{project}", parameters);
  }

  JsonNode trace(String traceId) throws Unavailable {
    return read("/v4/traces/detail/" + traceId, Map.of());
  }

  /** How it answered last. */
  UpstreamState state() {
    Asked known = last;
    return new UpstreamState(url(), project, known.atMs(), known.problem());
  }

  private JsonNode read(String path, Map<String, List<String>> parameters) throws Unavailable {
    try {
      JsonNode answer = readOnce(path, parameters);
      last = new Asked(clock.millis(), null);
      return answer;
    } catch (Unavailable e) {
      last = new Asked(clock.millis(), e.getMessage());
      throw e;
    }
  }

  private JsonNode readOnce(String path, Map<String, List<String>> parameters) throws Unavailable {
    Token known = token;
    Answer answer = ask(known == null ? fetch() : known, path, parameters);
    if (answer.status() == 401) {
      // Expired, or its secret changed.
      answer = ask(fetch(), path, parameters);
    }
    if (answer.status() == 401) {
      throw new Unavailable(
          "AgentOps at "
              + url()
              + " takes no token on "
              + path
              + ", only a session: set agentops.upstream.session",
          null);
    }
    if (answer.status() != 200) {
      throw new Unavailable(
          "AgentOps at " + url() + " answered " + answer.status() + " to " + path, null);
    }
    return json(answer, path);
  }

  private Answer ask(Token with, String path, Map<String, List<String>> parameters)
      throws Unavailable {
    String query =
        parameters.entrySet().stream()
            .flatMap(e -> e.getValue().stream().map(v -> encoded(e.getKey()) + "=" + encoded(v)))
            .collect(Collectors.joining("&"));
    String target = path.replace("{project}", encoded(with.projectId()));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + target + (query.isEmpty() ? "" : "?" + query)))
            .header("Authorization", "Bearer " + with.bearer());
    if (!session.isEmpty()) {
      request.header("Cookie", "session_id=" + session);
    }
    return send(request.GET(), path);
  }

  private synchronized Token fetch() throws Unavailable {
    String path = "/v3/auth/token";
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(object("api_key", key))));
    Answer answer = send(request, path);
    if (answer.status() == 400 || answer.status() == 403) {
      throw new Unavailable(
          "AgentOps at " + url() + " refuses agentops.upstream.key (" + answer.status() + ")",
          null);
    }
    if (answer.status() != 200) {
      throw new Unavailable(
          "AgentOps at " + url() + " answered " + answer.status() + " to " + path, null);
    }
    JsonNode read = json(answer, path);
    Token fresh = new Token(read.path("token").asText(), read.path("project_id").asText());
    if (fresh.bearer().isEmpty() || fresh.projectId().isEmpty()) {
      throw new Unavailable("AgentOps at " + url() + " gave no token and project", null);
    }
    token = fresh;
    return fresh;
  }

  private record Answer(int status, byte[] body) {}

  private Answer send(HttpRequest.Builder request, String path) throws Unavailable {
    CompletableFuture<HttpResponse<byte[]>> asked =
        http.sendAsync(
            request.timeout(timeout).header("Accept", "application/json").build(),
            head -> new LimitedBody(MAX_ANSWER_BYTES));
    try {
      // The request's own limit ends with the answer's head.
      HttpResponse<byte[]> response = asked.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(response.statusCode(), response.body());
    } catch (TimeoutException e) {
      asked.cancel(true);
      throw late(path, e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof HttpTimeoutException
          && !(cause instanceof HttpConnectTimeoutException)) {
        throw late(path, e);
      }
      String why = cause instanceof LimitedBody.TooLarge ? "answers too much" : "cannot be reached";
      throw new Unavailable("AgentOps at " + url() + " " + why + ": " + cause, e);
    } catch (InterruptedException e) {
      asked.cancel(true);
      Thread.currentThread().interrupt();
      throw new Unavailable("interrupted while AgentOps was asked", e);
    }
  }

  private Unavailable late(String path, Exception cause) {
    return new Unavailable(
        "AgentOps at "
            + url()
            + " did not answer "
            + path
            + " within agentops.upstream.timeout.ms = "
            + timeout.toMillis(),
        cause);
  }

  private JsonNode json(Answer answer, String path) throws Unavailable {
    try {
      JsonNode read = Json.MAPPER.readTree(new String(answer.body(), StandardCharsets.UTF_8));
      if (read.isObject()) {
        return read;
      }
    } catch (JsonProcessingException e) {
      throw new Unavailable("AgentOps at " + url() + " answered no JSON to " + path, e);
    }
    throw new Unavailable("AgentOps at " + url() + " answered no object to " + path, null);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
