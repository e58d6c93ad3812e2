/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.cors.CorsService;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Tokens;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import io.spanmill.ingest.Outcome.Kind;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running receiver. Both protocols are served on both ports. {@link #close} stops taking
 * requests, ends those being served and flushes the producer.
 */
public final class IngestService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IngestService.class);
  private static final int WORKERS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
  private static final Duration DRAIN = Duration.ofSeconds(5);

  private final Server server;
  private final Publisher publisher;
  private final int httpPort;
  private final int grpcPort;

  private IngestService(Server server, Publisher publisher, int httpPort, int grpcPort) {
    this.server = server;
    this.publisher = publisher;
    this.httpPort = httpPort;
    this.grpcPort = grpcPort;
  }

  /**
   * Prepares the topics and begins to listen.
   *
   * @throws SettingsException if the settings do not go together
   * @throws IllegalStateException if Kafka does not answer or a port is taken
   * @throws InterruptedException if interrupted while starting
   */
  public static IngestService start(Settings settings) throws InterruptedException {
    ApiKeys keys = ApiKeys.of(settings);
    InetAddress address = address(settings, keys);
    int partitions;
    Map<String, Object> admin = new HashMap<>(settings.kafkaClient());
    admin.put("bootstrap.servers", settings.string(Keys.KAFKA_BOOTSTRAP));
    try (Admin client = Admin.create(admin)) {
      partitions = Topics.ensure(client, settings);
    }
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Admission admission =
        new Admission(
            settings.longValue(Keys.INGEST_MAX_INFLIGHT_BYTES),
            settings.integer(Keys.INGEST_MAX_REQUESTS),
            settings.decimal(Keys.INGEST_PROJECT_SHARE));
    IngestMetrics metrics = new IngestMetrics(registry, admission);
    Publisher publisher = new Publisher(settings, metrics);
    Receiver receiver = new Receiver(settings, partitions, admission, publisher, metrics);
    Gate gate =
        new Gate(keys, new Tokens(settings, Clock.systemUTC()), settings.bool(Keys.AUTH_ANONYMOUS));
    ServerBuilder builder = Server.builder();
    listen(
        builder, settings, new InetSocketAddress(address, settings.integer(Keys.INGEST_HTTP_PORT)));
    listen(
        builder, settings, new InetSocketAddress(address, settings.integer(Keys.INGEST_GRPC_PORT)));
    limits(builder, settings);
    routes(
        builder,
        settings,
        new HttpReceiver(receiver, gate, metrics),
        new GrpcReceiver(receiver, gate, metrics),
        publisher,
        registry);
    Server server = builder.build();
    try {
      server.start().join();
    } catch (RuntimeException e) {
      publisher.close();
      throw new IllegalStateException(
          "cannot listen on "
              + address.getHostAddress()
              + " port "
              + settings.integer(Keys.INGEST_HTTP_PORT)
              + " (ingest.http.port) or "
              + settings.integer(Keys.INGEST_GRPC_PORT)
              + " (ingest.grpc.port): "
              + rootMessage(e),
          e);
    }
    int http = settings.integer(Keys.INGEST_HTTP_PORT);
    int grpc = settings.integer(Keys.INGEST_GRPC_PORT);
    List<Integer> bound =
        server.activePorts().keySet().stream().map(InetSocketAddress::getPort).sorted().toList();
    int freeHttp =
        http != 0 ? http : bound.stream().filter(p -> p != grpc).findFirst().orElseThrow();
    int freeGrpc =
        grpc != 0 ? grpc : bound.stream().filter(p -> p != freeHttp).findFirst().orElse(freeHttp);
    LOG.info(
        "ingest listens on {}: OTLP/HTTP {}, OTLP/gRPC {}",
        address.getHostAddress(),
        freeHttp,
        freeGrpc);
    return new IngestService(server, publisher, freeHttp, freeGrpc);
  }

  private static InetAddress address(Settings settings, ApiKeys keys) {
    String bind = settings.string(Keys.BIND_ADDRESS);
    try {
      InetAddress address = InetAddress.getByName(bind);
      if (!address.isLoopbackAddress() && !keys.any() && !settings.bool(Keys.AUTH_ANONYMOUS)) {
        throw new SettingsException(
            List.of(
                "bind.address "
                    + bind
                    + " is reachable from outside, so auth.keys must be set (or auth.anonymous=true to let everybody in)"));
      }
      if (settings.bool(Keys.AUTH_ANONYMOUS)) {
        LOG.warn("auth.anonymous is on: everybody who reaches {} may send", bind);
      }
      return address;
    } catch (UnknownHostException e) {
      throw new SettingsException(
          List.of("bind.address " + bind + " is no address of this machine"));
    }
  }

  private static void listen(ServerBuilder builder, Settings settings, InetSocketAddress at) {
    String cert = settings.string(Keys.TLS_CERT_FILE);
    if (cert.isEmpty()) {
      builder.port(at, SessionProtocol.HTTP);
      return;
    }
    builder
        .port(at, SessionProtocol.HTTPS)
        .tls(TlsKeyPair.of(new File(settings.string(Keys.TLS_KEY_FILE)), new File(cert)));
    String clientCa = settings.string(Keys.TLS_CLIENT_CA_FILE);
    if (!clientCa.isEmpty()) {
      builder.tlsCustomizer(
          ssl ->
              ssl.trustManager(new File(clientCa))
                  .clientAuth(io.netty.handler.ssl.ClientAuth.REQUIRE));
    }
  }

  private static void limits(ServerBuilder builder, Settings settings) {
    builder
        .maxRequestLength(settings.longValue(Keys.INGEST_MAX_COMPRESSED) + 16)
        .requestTimeoutMillis(settings.longValue(Keys.INGEST_REQUEST_TIMEOUT_MS))
        .maxNumConnections(settings.integer(Keys.INGEST_MAX_CONNECTIONS) * 2)
        .idleTimeoutMillis(60_000)
        .http1MaxHeaderSize(32 * 1024)
        .http2MaxHeaderListSize(32 * 1024)
        .blockingTaskExecutor(WORKERS)
        .gracefulShutdownTimeout(Duration.ofMillis(200), DRAIN)
        .disableServerHeader()
        .disableDateHeader();
  }

  private static void routes(
      ServerBuilder builder,
      Settings settings,
      HttpReceiver http,
      GrpcReceiver grpc,
      Publisher publisher,
      PrometheusMeterRegistry registry) {
    builder.service("/v1/traces", http);
    builder.service(GrpcReceiver.PATH, grpc);
    builder.service(
        "/health", (ctx, req) -> HttpResponse.of(MediaType.JSON, "{\"status\":\"up\"}"));
    builder.service(
        "/ready",
        (ctx, req) ->
            publisher.healthy()
                ? HttpResponse.of(MediaType.JSON, "{\"ready\":true}")
                : HttpResponse.of(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    MediaType.JSON,
                    "{\"ready\":false,\"reason\":\"Kafka does not acknowledge\"}"));
    builder.service(
        "/metrics",
        (ctx, req) ->
            HttpResponse.of(
                MediaType.parse("text/plain; version=0.0.4; charset=utf-8"), registry.scrape()));
    builder.serviceUnder(
        "/",
        (ctx, req) -> {
          MediaType type = req.contentType();
          if (type != null && type.subtype().startsWith("grpc")) {
            return GrpcReceiver.unimplemented(ctx.path());
          }
          boolean json = type != null && type.is(MediaType.JSON);
          Outcome none =
              Outcome.of(
                  Kind.MALFORMED,
                  "there is no " + ctx.path() + " here: Spanmill takes traces at /v1/traces");
          return HttpResponse.of(
              HttpStatus.NOT_FOUND,
              json ? MediaType.JSON : MediaType.create("application", "x-protobuf"),
              com.linecorp.armeria.common.HttpData.wrap(
                  json ? Answers.json(none) : Answers.protobuf(none)));
        });
    builder.decorator(
        (delegate, ctx, req) ->
            hostAllowed(settings, req.authority()) ? delegate.serve(ctx, req) : misdirected());
    List<String> origins = settings.list(Keys.INGEST_CORS_ORIGINS);
    if (!origins.isEmpty()) {
      Set<String> exact =
          origins.stream().filter(o -> !o.contains("*.")).collect(Collectors.toSet());
      List<String> suffixes =
          origins.stream()
              .filter(o -> o.contains("*."))
              .map(o -> o.substring(o.indexOf("*.") + 1))
              .toList();
      builder.decorator(
          CorsService.builder(o -> exact.contains(o) || suffixes.stream().anyMatch(o::endsWith))
              .allowRequestMethods(HttpMethod.POST)
              .allowRequestHeaders("content-type", "content-encoding", "authorization", "x-api-key")
              .maxAge(Duration.ofHours(2))
              .newDecorator());
    }
  }

  /** A page in a browser must not reach a loopback server by a name of its own. */
  private static boolean hostAllowed(
      Settings settings, @org.jspecify.annotations.Nullable String authority) {
    List<String> hosts = settings.list(Keys.HTTP_HOSTS);
    if (authority == null || hosts.contains("*")) {
      return true;
    }
    String host = authority.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
    return hosts.contains(host);
  }

  private static HttpResponse misdirected() {
    Outcome no = Outcome.of(Kind.MALFORMED, "this Host is not answered: add it to http.hosts");
    return HttpResponse.of(
        HttpStatus.MISDIRECTED_REQUEST,
        MediaType.JSON,
        com.linecorp.armeria.common.HttpData.wrap(Answers.json(no)));
  }

  private static String rootMessage(Throwable e) {
    Throwable t = e;
    while (t.getCause() != null) {
      t = t.getCause();
    }
    return String.valueOf(t.getMessage());
  }

  public int httpPort() {
    return httpPort;
  }

  public int grpcPort() {
    return grpcPort;
  }

  /** Whether it listens and Kafka acknowledges. */
  public boolean ready() {
    return !server.isClosed() && publisher.healthy();
  }

  @Override
  public void close() {
    server.stop().join();
    publisher.close();
  }
}
