/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.grpc.GrpcClients;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Principal;
import io.spanmill.auth.Role;
import io.spanmill.auth.Tokens;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import io.spanmill.standalone.embedded.EmbeddedKafka;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in: keys, tokens, host names, certificates. */
class IngestAccessIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final String SECRET = "a secret that only tests know, 32 bytes";
  private static final String KEY_A = "key-of-project-a";

  @TempDir static Path dir;
  static EmbeddedKafka kafka;

  @BeforeAll
  static void start() {
    kafka = EmbeddedKafka.start(dir.resolve("kafka"), 0, why -> {});
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @Test
  void keysAndTokens_decideTheProject_onBothProtocols() {
    Map<String, String> settings =
        Map.of(
            Keys.AUTH_KEYS,
            KEY_A + ":a:ingest|metrics,key-that-only-reads:a:read,key-of-tokens:tokens:ingest",
            Keys.AUTH_TOKEN_SECRET,
            SECRET);
    try (IngestRig rig = new IngestRig(kafka.bootstrap(), settings)) {
      ApiKeys keys = ApiKeys.of(Settings.of(settings));
      Principal of = Objects.requireNonNull(keys.find("key-of-tokens"));
      Principal gone = new Principal("tokens", Set.of(Role.INGEST), "abcd");
      String token = tokens(keys, Instant.now()).issue(of, "0");
      String revoked = tokens(keys, Instant.now()).issue(gone, "0");
      String expired = tokens(keys, Instant.now().minus(Duration.ofDays(31))).issue(of, "0");
      String forged = new Tokens(Settings.of(Map.of()), keys, Clock.systemUTC()).issue(of, "0");
      for (String authorization : new String[] {"Bearer " + KEY_A, "bearer " + token}) {
        ExportTraceServiceRequest request = IngestRig.request(1);
        assertThat(post(rig, request, "Authorization", authorization)).isEqualTo(200);
        assertThat(code(rig, "authorization", authorization)).isEqualTo(Status.Code.OK);
        assertThat(projectOf(rig, request))
            .isEqualTo(authorization.endsWith(KEY_A) ? "a" : "tokens");
      }
      assertThat(post(rig, IngestRig.request(1), "x-api-key", KEY_A)).isEqualTo(200);
      for (String wrong :
          new String[] {
            KEY_A + "x", "key", expired, revoked, forged, token + "x", "a.b.c", "..", ""
          }) {
        assertThat(post(rig, IngestRig.request(1), "Authorization", "Bearer " + wrong))
            .as(wrong)
            .isEqualTo(401);
        assertThat(code(rig, "authorization", "Bearer " + wrong))
            .isEqualTo(Status.Code.UNAUTHENTICATED);
      }
      assertThat(post(rig, IngestRig.request(1), "x-api-key", "key-that-only-reads"))
          .isEqualTo(403);
      assertThat(code(rig, "x-api-key", "key-that-only-reads"))
          .isEqualTo(Status.Code.PERMISSION_DENIED);
      rig.key = KEY_A;
      assertThat(rig.metric("spanmill_ingest_requests_total", "outcome=\"unauthenticated\""))
          .isEqualTo(18);
      assertThat(rig.metric("spanmill_ingest_requests_total", "outcome=\"forbidden\""))
          .isEqualTo(2);
    }
  }

  @Test
  void keyFile_rotatesWithoutRestart_andABrokenOneChangesNothing() throws Exception {
    Path file = dir.resolve("keys");
    Files.writeString(file, "# of today\nfirst-key-of-all:p:ingest\n");
    try (IngestRig rig =
        new IngestRig(kafka.bootstrap(), Map.of(Keys.AUTH_KEYS_FILE, file.toString()))) {
      assertThat(post(rig, IngestRig.request(1), "x-api-key", "first-key-of-all")).isEqualTo(200);
      replace(file, "second-key-of-all:p:ingest\n");
      await()
          .atMost(LIMIT)
          .until(() -> post(rig, IngestRig.request(1), "x-api-key", "second-key-of-all") == 200);
      assertThat(post(rig, IngestRig.request(1), "x-api-key", "first-key-of-all")).isEqualTo(401);
      replace(file, "nonsense\n");
      await()
          .during(Duration.ofMillis(1500))
          .atMost(LIMIT)
          .until(() -> post(rig, IngestRig.request(1), "x-api-key", "second-key-of-all") == 200);
      replace(file, "");
      await()
          .atMost(LIMIT)
          .until(() -> post(rig, IngestRig.request(1), "x-api-key", "second-key-of-all") == 401);
      assertThat(post(rig, IngestRig.request(1), "x-none", "x")).isEqualTo(401);
    }
  }

  @Test
  void addressesBeyondLoopback_needKeys_orAnonymous() throws Exception {
    Map<String, String> open = Map.of(Keys.BIND_ADDRESS, "0.0.0.0");
    assertThatThrownBy(() -> new IngestRig(kafka.bootstrap(), open))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("auth.keys")
        .hasMessageContaining("auth.anonymous");
    Map<String, String> anonymous = new HashMap<>(open);
    anonymous.put(Keys.AUTH_ANONYMOUS, "true");
    try (IngestRig rig = new IngestRig(kafka.bootstrap(), anonymous)) {
      assertThat(post(rig, IngestRig.request(1), "x-none", "x")).isEqualTo(200);
    }
  }

  @Test
  void hostNames_thatAreNotListed_areNotServed() {
    try (IngestRig rig =
        new IngestRig(kafka.bootstrap(), Map.of(Keys.HTTP_HOSTS, "localhost,in.example.org"))) {
      byte[] body = IngestRig.request(1).toByteArray();
      for (String host : new String[] {"localhost", "localhost:4318", "IN.example.org"}) {
        assertThat(raw(rig, host, body)).as(host).contains(" 200 ");
      }
      for (String host :
          new String[] {"evil.example.com", "127.0.0.1", "localhost.evil.example.com", "[::1]"}) {
        assertThat(raw(rig, host, body)).as(host).contains(" 421 ");
      }
      // The client's authority is 127.0.0.1, which is not listed here.
      assertThat(code(rig, "x-none", "x")).isEqualTo(Status.Code.PERMISSION_DENIED);
      // Probes and scrapes by address stay possible where they tell nothing.
      assertThat(rig.send("GET", "/health", new byte[0]).statusCode()).isEqualTo(200);
      assertThat(rig.send("GET", "/metrics", new byte[0]).statusCode()).isEqualTo(421);
    }
  }

  @Test
  void tls_servesBothProtocols_andTakesNewCertificatesWithoutRestart() throws Exception {
    TestCertificates ca = TestCertificates.authority(dir, "ca");
    TestCertificates.Pair first = ca.issue("first");
    Path cert = Files.copy(first.certificate(), dir.resolve("in-use.crt"));
    Path key = Files.copy(first.key(), dir.resolve("in-use.key"));
    try (IngestRig rig =
        new IngestRig(
            kafka.bootstrap(),
            Map.of(Keys.TLS_CERT_FILE, cert.toString(), Keys.TLS_KEY_FILE, key.toString()))) {
      assertThat(tlsPost(rig, ca, null)).isEqualTo("CN=first");
      var stub =
          GrpcClients.builder("gproto+https://127.0.0.1:" + rig.service.grpcPort() + "/")
              .factory(
                  com.linecorp.armeria.client.ClientFactory.builder()
                      .tlsCustomizer(ssl -> ssl.trustManager(ca.certificate().toFile()))
                      .build())
              .build(TraceServiceGrpc.TraceServiceBlockingStub.class);
      assertThat(stub.export(IngestRig.request(1)).hasPartialSuccess()).isFalse();
      assertThatThrownBy(() -> tlsPost(rig, TestCertificates.authority(dir, "stranger"), null))
          .isInstanceOf(IOException.class);
      try (RawConnection plain = new RawConnection(rig.service.httpPort())) {
        assertThat(plain.head(0).answer()).doesNotContain("200");
      }
      TestCertificates.Pair second = ca.issue("second");
      Files.copy(second.certificate(), cert, StandardCopyOption.REPLACE_EXISTING);
      // Only one of the two has been replaced: the old pair goes on.
      await()
          .during(Duration.ofMillis(1500))
          .atMost(LIMIT)
          .until(() -> tlsPost(rig, ca, null).equals("CN=first"));
      Files.copy(second.key(), key, StandardCopyOption.REPLACE_EXISTING);
      await().atMost(LIMIT).until(() -> tlsPost(rig, ca, null).equals("CN=second"));
    }
  }

  @Test
  void mutualTls_asksForCertificatesOfTheAuthority() throws Exception {
    TestCertificates ca = TestCertificates.authority(dir, "server-ca");
    TestCertificates clients = TestCertificates.authority(dir, "client-ca");
    TestCertificates.Pair server = ca.issue("server");
    TestCertificates.Pair client = clients.issue("client");
    TestCertificates.Pair stranger = ca.issue("stranger-client");
    Path trusted = Files.copy(clients.certificate(), dir.resolve("trusted.crt"));
    try (IngestRig rig =
        new IngestRig(
            kafka.bootstrap(),
            Map.of(
                Keys.TLS_CERT_FILE,
                server.certificate().toString(),
                Keys.TLS_KEY_FILE,
                server.key().toString(),
                Keys.TLS_CLIENT_CA_FILE,
                trusted.toString()))) {
      assertThat(tlsPost(rig, ca, client)).isEqualTo("CN=server");
      assertThatThrownBy(() -> tlsPost(rig, ca, null)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> tlsPost(rig, ca, stranger)).isInstanceOf(IOException.class);
      Files.copy(ca.certificate(), trusted, StandardCopyOption.REPLACE_EXISTING);
      await()
          .atMost(LIMIT)
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> tlsPost(rig, ca, stranger).equals("CN=server"));
      assertThatThrownBy(() -> tlsPost(rig, ca, client)).isInstanceOf(IOException.class);
    }
    assertThatThrownBy(
            () ->
                new IngestRig(
                    kafka.bootstrap(),
                    Map.of(
                        Keys.TLS_CERT_FILE,
                        server.certificate().toString(),
                        Keys.TLS_KEY_FILE,
                        client.key().toString())))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("is not the key of");
  }

  /** Sends over a new connection; returns the name on the server's certificate. */
  private static String tlsPost(
      IngestRig rig, TestCertificates trusted, TestCertificates.@Nullable Pair client)
      throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + rig.service.httpPort() + "/v1/traces");
    return trusted.shownBy(uri, client, IngestRig.request(1).toByteArray());
  }

  private static Tokens tokens(ApiKeys keys, Instant now) {
    return new Tokens(
        Settings.of(Map.of(Keys.AUTH_TOKEN_SECRET, SECRET)),
        keys,
        Clock.fixed(now, ZoneOffset.UTC));
  }

  private static int post(IngestRig rig, ExportTraceServiceRequest request, String... headers) {
    String[] all = new String[headers.length + 2];
    System.arraycopy(headers, 0, all, 2, headers.length);
    all[0] = "Content-Type";
    all[1] = IngestRig.PROTOBUF;
    return rig.post(request.toByteArray(), all).statusCode();
  }

  private static Status.Code code(IngestRig rig, String header, String value) {
    var stub =
        GrpcClients.builder("gproto+http://127.0.0.1:" + rig.service.grpcPort() + "/")
            .setHeader(header, value)
            .build(TraceServiceGrpc.TraceServiceBlockingStub.class);
    StatusRuntimeException e =
        catchThrowableOfType(StatusRuntimeException.class, () -> stub.export(IngestRig.request(1)));
    return e == null ? Status.Code.OK : e.getStatus().getCode();
  }

  private static String raw(IngestRig rig, String host, byte[] body) {
    try (RawConnection connection = new RawConnection(rig.service.httpPort())) {
      return connection
          .send(
              "POST /v1/traces HTTP/1.1\r\nHost: "
                  + host
                  + "\r\nContent-Type: "
                  + IngestRig.PROTOBUF
                  + "\r\nContent-Length: "
                  + body.length
                  + "\r\n\r\n")
          .send(body)
          .answer();
    }
  }

  private static String projectOf(IngestRig rig, ExportTraceServiceRequest request) {
    Span span = IngestRig.spans(request).get(0);
    return rig.written().stream()
        .filter(record -> IngestRig.spans(record.request()).contains(span))
        .findFirst()
        .orElseThrow()
        .project();
  }

  private static void replace(Path file, String text) throws IOException {
    Path next = Files.writeString(file.resolveSibling("next"), text);
    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }
}
