/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.metric.NoopMeterRegistry;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.cors.CorsService;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.auth.AllowedHosts;
import io.spanmill.ingest.auth.Callers;
import io.spanmill.ingest.auth.Certificates;
import io.spanmill.ingest.bridge.Bridge;
import io.spanmill.ingest.grpc.OtlpGrpcService;
import io.spanmill.ingest.http.HeadErrors;
import io.spanmill.ingest.http.HttpAnswers;
import io.spanmill.ingest.http.OperationsService;
import io.spanmill.ingest.http.OtlpHttpService;
import io.spanmill.ingest.publish.KafkaState;
import io.spanmill.ingest.publish.Producers;
import io.spanmill.ingest.publish.Publisher;
import io.spanmill.ingest.receive.Admission;
import io.spanmill.ingest.receive.ConnectionGuard;
import io.spanmill.ingest.receive.IngestMetrics;
import io.spanmill.ingest.receive.Outcome;
import io.spanmill.ingest.receive.Protocol;
import io.spanmill.ingest.receive.Receiver;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The receiver: OTLP over gRPC and HTTP into {@code otlp_spans}. A success goes out only after
 * Kafka has acknowledged every span it speaks of. Both ports serve both protocols. Thread-safe.
 */
public final class IngestService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IngestService.class);
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(8);

  /** Most that is read from a connection at one time; each read costs the same, whatever it got. */
  private static final int READ_BYTES = 256 * 1024;

  private final Settings settings;
  private final Callers callers;
  private final AllowedHosts hosts;
  private final @Nullable Certificates certificates;
  private final IngestMetrics metrics;
  private final Publisher publisher;
  private final KafkaState kafka;
  private final ExecutorService workers;
  private final Receiver receiver;
  private final @Nullable Bridge bridge;
  private final Server http;
  private final Server grpc;
  private volatile boolean draining;

  private IngestService(Settings settings, Callers callers) throws InterruptedException {
    this.settings = settings;
    this.callers = callers;
    hosts = new AllowedHosts(settings);
    certificates = Certificates.of(settings);
    Admission admission =
        new Admission(
            settings.longValue(Keys.INGEST_MAX_INFLIGHT_BYTES),
            settings.integer(Keys.INGEST_MAX_REQUESTS),
            settings.decimal(Keys.INGEST_PROJECT_SHARE),
            System::nanoTime);
    metrics = new IngestMetrics(admission);
    publisher =
        new Publisher(
            () -> Producers.open(settings),
            new Publisher.Limits(
                settings.integer(Keys.KAFKA_RECORD_MAX_BYTES),
                settings.integer(Keys.INGEST_LINGER_MS),
                settings.integer(Keys.INGEST_PRODUCE_TIMEOUT_MS)),
            metrics::packed);
    workers =
        Executors.newFixedThreadPool(
            Math.max(2, Runtime.getRuntime().availableProcessors()),
            task -> {
              Thread thread = new Thread(task, "ingest-worker");
              thread.setDaemon(true);
              return thread;
            });
    KafkaState state;
    try {
      state = new KafkaState(Admin.create(Producers.client(settings)), settings, publisher);
    } catch (RuntimeException e) {
      publisher.close();
      workers.shutdownNow();
      throw e;
    }
    kafka = state;
    receiver = new Receiver(settings, admission, publisher, kafka::prepared, metrics, workers);
    bridge = Bridge.start(settings, kafka::prepared, metrics.registry());
    http = server(settings.integer(Keys.INGEST_HTTP_PORT));
    grpc = server(settings.integer(Keys.INGEST_GRPC_PORT));
  }

  /**
   * Starts; returns when both ports are open. Kafka need not be there yet.
   *
   * @throws io.spanmill.config.SettingsException for bad keys or an open address without keys
   * @throws IllegalStateException if a topic has the wrong partition count
   * @throws java.util.concurrent.CompletionException if a port is taken
   * @throws InterruptedException if interrupted while starting
   */
  public static IngestService start(Settings settings) throws InterruptedException {
    Callers callers = new Callers(settings, Clock.systemUTC());
    Bridge.check(settings);
    if (callers.anonymous()) {
      LOG.warn("auth.anonymous is on: everybody who reaches this address may send");
    }
    IngestService service = new IngestService(settings, callers);
    try {
      service.http.start().join();
      service.grpc.start().join();
    } catch (RuntimeException e) {
      service.close();
      throw e;
    }
    LOG.info("ingest ready httpPort={} grpcPort={}", service.httpPort(), service.grpcPort());
    return service;
  }

  public int httpPort() {
    return http.activeLocalPort();
  }

  public int grpcPort() {
    return grpc.activeLocalPort();
  }

  /** Whether spans are taken: Kafka and the bridge made progress lately, nothing shuts down. */
  public boolean ready() {
    Bridge current = bridge;
    return !draining && kafka.progressing() && (current == null || current.progressing());
  }

  private String problem() {
    Bridge current = bridge;
    if (draining) {
      return "shutting down";
    }
    String known = kafka.problem();
    return known.isEmpty() && current != null ? current.problem() : known;
  }

  /** Ends within ten seconds: no new requests, those under way are finished, then Kafka is left. */
  @Override
  public void close() {
    draining = true;
    Bridge current = bridge;
    if (current != null) {
      current.close();
    }
    var stopped = List.of(http.stop(), grpc.stop());
    stopped.forEach(future -> future.handle((done, error) -> null).join());
    publisher.close();
    kafka.close();
    workers.shutdownNow();
    LOG.info("ingest stopped");
  }

  private Server server(int port) {
    AtomicInteger connections = new AtomicInteger();
    int maxConnections = settings.integer(Keys.INGEST_MAX_CONNECTIONS);
    long timeoutMs = settings.longValue(Keys.INGEST_REQUEST_TIMEOUT_MS);
    long idleMs = settings.longValue(Keys.INGEST_IDLE_TIMEOUT_MS);
    int maxHeaderBytes = settings.integer(Keys.INGEST_MAX_HEADER);
    InetSocketAddress address = new InetSocketAddress(settings.string(Keys.BIND_ADDRESS), port);
    ServerBuilder builder =
        Server.builder()
            .port(address, certificates == null ? SessionProtocol.HTTP : SessionProtocol.HTTPS)
            .meterRegistry(NoopMeterRegistry.get())
            // The receiver has limits of its own, which answer as OTLP wants.
            .maxRequestLength(0)
            .requestTimeoutMillis(0)
            .idleTimeoutMillis(idleMs)
            .disableServerHeader()
            .disableDateHeader()
            .http1MaxHeaderSize(maxHeaderBytes)
            .http2MaxHeaderListSize(maxHeaderBytes)
            .http1MaxChunkSize(READ_BYTES)
            .childChannelOption(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(
                    AdaptiveRecvByteBufAllocator.DEFAULT_MINIMUM,
                    AdaptiveRecvByteBufAllocator.DEFAULT_INITIAL,
                    READ_BYTES))
            .http2MaxStreamsPerConnection(settings.integer(Keys.INGEST_MAX_REQUESTS))
            .gracefulShutdownTimeout(Duration.ZERO, DRAIN_LIMIT)
            .errorHandler(new HeadErrors(metrics))
            .childChannelPipelineCustomizer(
                pipeline ->
                    pipeline.addFirst(
                        new ConnectionGuard(
                            connections, maxConnections, timeoutMs, idleMs, metrics)));
    if (certificates != null) {
      builder.tlsProvider(certificates, certificates.config());
    }
    builder
        .service("/v1/traces", cors(new OtlpHttpService(receiver, callers)))
        .service(OtlpGrpcService.EXPORT_PATH, new OtlpGrpcService(receiver, callers))
        .service("/health", OperationsService.health())
        .service("/ready", OperationsService.ready(this::ready, this::problem))
        .service("/metrics", OperationsService.metrics(metrics.registry(), callers))
        .serviceUnder("/", unknownPath())
        .decorator(
            (delegate, ctx, request) -> {
              ConnectionGuard.requestBegan(ctx);
              String path = ctx.path();
              // Probes come by address; these two tell nothing.
              boolean probe = path.equals("/health") || path.equals("/ready");
              if (!probe && !hosts.allows(request.authority())) {
                return refuse(
                    request,
                    Outcome.of(Outcome.Kind.WRONG_HOST, "this host name is not in http.hosts"));
              }
              return delegate.serve(ctx, request);
            });
    return builder.build();
  }

  private HttpService cors(HttpService service) {
    List<String> origins = settings.list(Keys.INGEST_CORS_ORIGINS);
    if (origins.isEmpty()) {
      return service;
    }
    return service.decorate(
        CorsService.builder(origin -> originAllowed(origins, origin))
            .allowRequestMethods(HttpMethod.POST)
            .allowRequestHeaders(
                "content-type",
                "content-encoding",
                "authorization",
                "x-api-key",
                "x-agentops-api-key",
                "traceparent",
                "tracestate")
            .exposeHeaders("retry-after")
            .maxAge(Duration.ofHours(1))
            .newDecorator());
  }

  /** Exact origins, or *.example.org and https://*.example.org for subdomains. */
  static boolean originAllowed(List<String> origins, String origin) {
    for (String allowed : origins) {
      int star = allowed.indexOf("*.");
      boolean match =
          star < 0
              ? allowed.equals(origin)
              : origin.startsWith(allowed.substring(0, star))
                  && origin.endsWith(allowed.substring(star + 1));
      if (match) {
        return true;
      }
    }
    return false;
  }

  private HttpService unknownPath() {
    return (ctx, request) ->
        refuse(
            request,
            Outcome.of(
                Outcome.Kind.NOT_FOUND,
                "nothing here: only traces are taken, at /v1/traces and by TraceService/Export"));
  }

  private HttpResponse refuse(HttpRequest request, Outcome outcome) {
    if (OtlpGrpcService.isGrpc(request)) {
      return OtlpGrpcService.answer(receiver.refused(Protocol.GRPC, outcome));
    }
    String type = request.headers().get("content-type", "");
    boolean protobuf = type.startsWith("application/x-protobuf");
    Protocol protocol = protobuf ? Protocol.HTTP_PROTOBUF : Protocol.HTTP_JSON;
    return HttpAnswers.of(receiver.refused(protocol, outcome), protobuf);
  }
}
