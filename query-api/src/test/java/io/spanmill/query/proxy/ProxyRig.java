/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Tokens;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.query.http.QueryHttp;
import io.spanmill.query.sql.Database;
import io.spanmill.query.sql.Queries;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The query API with its proxies before an {@link UpstreamServer}, and how to ask it. */
final class ProxyRig implements AutoCloseable {
  /** May read all projects. */
  static final String READER = "reader-key-all";

  static final String ONE_PROJECT = "reader-key-one";
  static final String PREFIX = "/api/proxy/grafana";
  static final int MAX_BODY = 100_000;
  private static final long TIMEOUT_MS = 1500;

  final HttpClient client = HttpClient.newHttpClient();
  private final Database database;
  private final Proxies proxies;
  private final QueryHttp server;

  /**
   * @param more settings beside those that lead to the upstream
   */
  ProxyRig(UpstreamServer upstream, Map<String, String> more) {
    Map<String, String> all = new HashMap<>();
    all.put(Keys.CLICKHOUSE_URL, "http://127.0.0.1:1");
    all.put(Keys.AUTH_KEYS, READER + ":*:read," + ONE_PROJECT + ":a:read");
    all.put(Keys.PROXY_GRAFANA_URL, upstream.url());
    all.put(Keys.PROXY_TIMEOUT_MS, Long.toString(TIMEOUT_MS));
    all.put(Keys.PROXY_MAX_REQUEST_BYTES, Long.toString(MAX_BODY));
    all.putAll(more);
    Settings settings = Settings.of(all);
    database = new Database(settings);
    proxies = new Proxies(settings);
    server =
        new QueryHttp(
            settings,
            new Queries(database, settings, Clock.systemUTC(), CubeSet.BUILT_IN),
            new SimpleMeterRegistry(),
            Clock.systemUTC(),
            ApiKeys.of(settings),
            new Tokens(settings, ApiKeys.of(settings), Clock.systemUTC()),
            () -> null,
            List.of(),
            List.of(proxies));
    server.start("127.0.0.1", 0);
  }

  URI at(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  URI ws(String path) {
    return URI.create("ws://127.0.0.1:" + server.port() + PREFIX + path);
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(at(PREFIX + path)).header("Authorization", "Bearer " + READER);
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = request(path);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return text(request.build());
  }

  HttpResponse<String> text(HttpRequest request) throws Exception {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  String raw(String requestLine) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      send(socket, requestLine);
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }

  void send(Socket socket, String requestLine) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(
        (requestLine
                + "\r\nHost: 127.0.0.1:"
                + server.port()
                + "\r\nX-API-Key: "
                + READER
                + "\r\nConnection: close\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.close();
    proxies.close();
    database.close();
  }
}
