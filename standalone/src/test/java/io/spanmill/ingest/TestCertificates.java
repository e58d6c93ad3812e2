/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A certificate authority of its own, made with the JDK's keytool. */
public final class TestCertificates {
  private static final String PASSWORD = "password";
  private static final int TIMEOUT_MS = 60_000;

  private final Path dir;
  private final String name;
  private final Path certificate;

  /** A certificate with its key, both as PEM. */
  public record Pair(Path certificate, Path key) {}

  private TestCertificates(Path dir, String name, Path certificate) {
    this.dir = dir;
    this.name = name;
    this.certificate = certificate;
  }

  public static TestCertificates authority(Path dir, String name) throws Exception {
    keytool(
        dir,
        name,
        "-genkeypair",
        "-alias",
        name,
        "-keyalg",
        "EC",
        "-dname",
        "CN=" + name,
        "-ext",
        "bc:c");
    Path certificate = dir.resolve(name + ".crt");
    keytool(dir, name, "-exportcert", "-rfc", "-alias", name, "-file", certificate.toString());
    return new TestCertificates(dir, name, certificate);
  }

  public Path certificate() {
    return certificate;
  }

  /** A certificate of this authority for 127.0.0.1 and localhost. */
  public Pair issue(String subject) throws Exception {
    Path request = dir.resolve(subject + ".csr");
    Path signed = dir.resolve(subject + ".crt");
    keytool(
        dir, subject, "-genkeypair", "-alias", subject, "-keyalg", "EC", "-dname", "CN=" + subject);
    keytool(dir, subject, "-certreq", "-alias", subject, "-file", request.toString());
    keytool(
        dir,
        name,
        "-gencert",
        "-rfc",
        "-alias",
        name,
        "-infile",
        request.toString(),
        "-outfile",
        signed.toString(),
        "-ext",
        "san=ip:127.0.0.1,dns:localhost");
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(dir.resolve(subject + ".p12"))) {
      store.load(in, PASSWORD.toCharArray());
    }
    byte[] key = store.getKey(subject, PASSWORD.toCharArray()).getEncoded();
    Path file = dir.resolve(subject + ".key");
    Files.writeString(
        file,
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(key)
            + "\n-----END PRIVATE KEY-----\n");
    return new Pair(signed, file);
  }

  /**
   * Asks over a new connection, trusting this authority and showing that certificate. Over a
   * blocking socket, which hears of every refusal: the JDK's {@code HttpClient} misses about one in
   * a thousand that come after its own part of a TLS 1.3 handshake, and then waits for its timeout.
   *
   * @param protobuf what to post; null to get
   * @return the name on the server's certificate
   * @throws IOException if one refuses the other
   */
  public String shownBy(URI uri, @Nullable Pair client, byte @Nullable [] protobuf)
      throws GeneralSecurityException, IOException {
    HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
    connection.setSSLSocketFactory(context(client).getSocketFactory());
    connection.setConnectTimeout(TIMEOUT_MS);
    connection.setReadTimeout(TIMEOUT_MS);
    try {
      if (protobuf != null) {
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", IngestRig.PROTOBUF);
        connection.setFixedLengthStreamingMode(protobuf.length);
      }
      connection.connect();
      X509Certificate shown = (X509Certificate) connection.getServerCertificates()[0];
      if (protobuf != null) {
        connection.getOutputStream().write(protobuf);
      }
      assertThat(connection.getResponseCode()).isEqualTo(200);
      return shown.getSubjectX500Principal().getName();
    } finally {
      connection.disconnect();
    }
  }

  private SSLContext context(@Nullable Pair client) throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", read(certificate));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManagerFactory keys = null;
    if (client != null) {
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      own.setKeyEntry(
          "own",
          key(client.key()),
          PASSWORD.toCharArray(),
          new Certificate[] {read(client.certificate())});
      keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, PASSWORD.toCharArray());
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static Certificate read(Path file) throws GeneralSecurityException, IOException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file)));
  }

  private static PrivateKey key(Path file) throws GeneralSecurityException, IOException {
    String pem = Files.readString(file).replaceAll("-----[A-Z ]+-----|\\s", "");
    return KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
  }

  private static void keytool(Path dir, String store, String... args) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(args));
    command.addAll(
        List.of(
            "-keystore",
            dir.resolve(store + ".p12").toString(),
            "-storepass",
            PASSWORD,
            "-storetype",
            "PKCS12"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IllegalStateException("keytool: " + said);
    }
  }
}
