/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spanmill.config.Keys;
import io.spanmill.ingest.TestCertificates;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The query API with certificates. */
class QueryTlsIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @TempDir Path dir;

  @Test
  void tls_serves_andTakesNewCertificates_andAsksClientsForTheirs() throws Exception {
    TestCertificates ca = TestCertificates.authority(dir, "ca");
    TestCertificates clients = TestCertificates.authority(dir, "clients");
    TestCertificates.Pair first = ca.issue("first");
    TestCertificates.Pair second = ca.issue("second");
    TestCertificates.Pair client = clients.issue("client");
    Path cert = Files.copy(first.certificate(), dir.resolve("in-use.crt"));
    Path key = Files.copy(first.key(), dir.resolve("in-use.key"));
    try (QueryService service =
        QueryService.start(
            servers.settings(
                Map.of(
                    Keys.TLS_CERT_FILE,
                    cert.toString(),
                    Keys.TLS_KEY_FILE,
                    key.toString(),
                    Keys.TLS_CLIENT_CA_FILE,
                    clients.certificate().toString())))) {
      assertThat(shown(service, ca, client)).isEqualTo("CN=first");
      assertThatThrownBy(() -> shown(service, ca, null)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> shown(service, ca, first)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> shown(service, clients, client)).isInstanceOf(IOException.class);
      Files.copy(second.certificate(), cert, StandardCopyOption.REPLACE_EXISTING);
      Files.copy(second.key(), key, StandardCopyOption.REPLACE_EXISTING);
      await().atMost(LIMIT).until(() -> shown(service, ca, client).equals("CN=second"));
    }
  }

  private static String shown(
      QueryService service, TestCertificates trusted, TestCertificates.@Nullable Pair client)
      throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + service.port() + "/api/v1/status");
    return trusted.shownBy(uri, client, null);
  }
}
