/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;

/** Where a running Spanmill is reached, and how that is told at the terminal. */
final class Addresses {
  private static final Set<String> ANY = Set.of("0.0.0.0", "::", "[::]");

  private Addresses() {}

  /** OTLP/HTTP of ingest. */
  static URI ingest(Settings settings) {
    return URI.create(
        scheme(settings) + host(settings) + ":" + settings.integer(Keys.INGEST_HTTP_PORT));
  }

  /** The query API and the screen. */
  static URI query(Settings settings) {
    return URI.create(scheme(settings) + host(settings) + ":" + settings.integer(Keys.QUERY_PORT));
  }

  static void print(Settings settings, Path data, Duration took, PrintWriter out) {
    URI query = query(settings);
    URI ingest = ingest(settings);
    boolean embeddedClickHouse = settings.string(Keys.CLICKHOUSE_USER).equals("spanmill");
    out.printf(Locale.ROOT, "Spanmill is up after %.1f s%n%n", took.toMillis() / 1000.0);
    row(out, "screen", query + "/");
    row(out, "API", query + "/api/v1/overview?from=now-1h");
    row(out, "metrics", query + "/metrics");
    row(out, "OTLP/HTTP", ingest + "/v1/traces");
    row(out, "OTLP/gRPC", host(settings) + ":" + settings.integer(Keys.INGEST_GRPC_PORT));
    row(out, "Kafka", settings.string(Keys.KAFKA_BOOTSTRAP));
    row(
        out,
        "ClickHouse",
        settings.string(Keys.CLICKHOUSE_URL)
            + (embeddedClickHouse
                ? "  (user and password: " + data.resolve("run.properties") + ")"
                : ""));
    row(out, "data, logs", data.toString());
    out.println();
    out.println("Send a trace, in another terminal, from Spanmill's folder:");
    out.println("  ./spanmill send --now docs/examples/first-trace.json");
    out.println("or with curl:");
    out.println(
        "  curl -sS "
            + ingest
            + "/v1/traces -H 'Content-Type: application/json' -d @docs/examples/first-trace.json");
    out.println("Then open the screen. Ctrl-C stops.");
    if (settings.bool(Keys.AUTH_ANONYMOUS)) {
      out.println();
      out.println(
          "Warning: auth.anonymous=true lets everybody who reaches these ports write and read project 'default'.");
    }
    out.flush();
  }

  private static void row(PrintWriter out, String name, String value) {
    out.printf(Locale.ROOT, "  %-12s %s%n", name, value);
  }

  private static String scheme(Settings settings) {
    return settings.string(Keys.TLS_CERT_FILE).isEmpty() ? "http://" : "https://";
  }

  private static String host(Settings settings) {
    String bound = settings.string(Keys.BIND_ADDRESS);
    if (ANY.contains(bound)) {
      return "127.0.0.1";
    }
    return bound.contains(":") && !bound.startsWith("[") ? "[" + bound + "]" : bound;
  }
}
