/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.auth;

import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.common.TlsProvider;
import com.linecorp.armeria.server.ServerTlsConfig;
import io.netty.handler.ssl.ClientAuth;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates of {@code tls.cert.file}, {@code tls.key.file} and {@code tls.client.ca.file}.
 * The files are looked at again at most once a second, when somebody connects, so that certificates
 * are renewed without a restart; files that cannot be used, or that do not belong together because
 * only one of them has been replaced yet, leave everything as it was. Thread-safe.
 */
public final class Certificates implements TlsProvider {
  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
  private static final long LOOK_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private record Loaded(
      TlsKeyPair pair, @Nullable List<X509Certificate> clientCas, List<FileTime> times) {}

  private final Path certificates;
  private final Path key;
  private final @Nullable Path clientCa;
  private final LongSupplier nanoTime;
  private volatile Loaded loaded;
  private volatile long lookedAt;

  private Certificates(Path certificates, Path key, @Nullable Path clientCa, LongSupplier nanoTime)
      throws IOException, GeneralSecurityException {
    this.certificates = certificates;
    this.key = key;
    this.clientCa = clientCa;
    this.nanoTime = nanoTime;
    lookedAt = nanoTime.getAsLong();
    loaded = load(times());
  }

  /**
   * Reads the files.
   *
   * @return null without {@code tls.cert.file}
   * @throws SettingsException if they cannot be read or do not belong together
   */
  public static @Nullable Certificates of(Settings settings) {
    String certificates = settings.string(Keys.TLS_CERT_FILE);
    String key = settings.string(Keys.TLS_KEY_FILE);
    String clientCa = settings.string(Keys.TLS_CLIENT_CA_FILE);
    if (certificates.isEmpty() && key.isEmpty() && clientCa.isEmpty()) {
      return null;
    }
    if (certificates.isEmpty() || key.isEmpty()) {
      throw new SettingsException(
          List.of(
              Keys.TLS_CERT_FILE
                  + " and "
                  + Keys.TLS_KEY_FILE
                  + " belong together, also where "
                  + Keys.TLS_CLIENT_CA_FILE
                  + " is set; one of them is missing"));
    }
    try {
      return new Certificates(
          Path.of(certificates),
          Path.of(key),
          clientCa.isEmpty() ? null : Path.of(clientCa),
          System::nanoTime);
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new SettingsException(
          List.of(
              Keys.TLS_CERT_FILE
                  + ", "
                  + Keys.TLS_KEY_FILE
                  + " or "
                  + Keys.TLS_CLIENT_CA_FILE
                  + " cannot be used: "
                  + e));
    }
  }

  /** Whether clients must show a certificate. */
  public ServerTlsConfig config() {
    return ServerTlsConfig.builder()
        .clientAuth(clientCa == null ? ClientAuth.NONE : ClientAuth.REQUIRE)
        .build();
  }

  @Override
  public TlsKeyPair keyPair(String hostname) {
    refresh();
    return loaded.pair;
  }

  @Override
  public @Nullable List<X509Certificate> trustedCertificates(String hostname) {
    return loaded.clientCas;
  }

  private synchronized void refresh() {
    long now = nanoTime.getAsLong();
    if (now - lookedAt < LOOK_EVERY_NANOS) {
      return;
    }
    lookedAt = now;
    try {
      List<FileTime> times = times();
      if (!times.equals(loaded.times)) {
        loaded = load(times);
        LOG.info("TLS certificates read again from {}", certificates);
      }
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      LOG.error("TLS certificates unchanged: {}", e.toString());
    }
  }

  private List<FileTime> times() throws IOException {
    List<FileTime> times = new ArrayList<>();
    times.add(Files.getLastModifiedTime(certificates));
    times.add(Files.getLastModifiedTime(key));
    if (clientCa != null) {
      times.add(Files.getLastModifiedTime(clientCa));
    }
    return times;
  }

  private Loaded load(List<FileTime> times) throws IOException, GeneralSecurityException {
    TlsKeyPair pair;
    try (InputStream keyIn = Files.newInputStream(key);
        InputStream certificatesIn = Files.newInputStream(certificates)) {
      pair = TlsKeyPair.of(keyIn, certificatesIn);
    }
    if (!belongTogether(pair.privateKey(), pair.certificateChain().get(0).getPublicKey())) {
      throw new GeneralSecurityException(key + " is not the key of " + certificates);
    }
    return new Loaded(pair, clientCa == null ? null : chain(clientCa), times);
  }

  private static List<X509Certificate> chain(Path file)
      throws IOException, GeneralSecurityException {
    List<X509Certificate> out = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        out.add((X509Certificate) certificate);
      }
    }
    if (out.isEmpty()) {
      throw new GeneralSecurityException(file + " has no certificates");
    }
    return out;
  }

  private static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey)
      throws GeneralSecurityException {
    String algorithm =
        switch (privateKey.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> privateKey.getAlgorithm();
        };
    if (!privateKey.getAlgorithm().equals(publicKey.getAlgorithm())) {
      return false;
    }
    byte[] text = {1, 2, 3};
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(privateKey);
    signature.update(text);
    byte[] signed = signature.sign();
    signature.initVerify(publicKey);
    signature.update(text);
    return signature.verify(signed);
  }
}
