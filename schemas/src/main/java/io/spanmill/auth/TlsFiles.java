/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code tls.cert.file}, {@code tls.key.file} and {@code tls.client.ca.file} hold. The files
 * are looked at again at most once a second, when somebody asks, so that certificates are renewed
 * without a restart; files that cannot be used, or that do not belong together because only one of
 * them has been replaced yet, leave everything as it was. Thread-safe.
 */
public final class TlsFiles {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);
  private static final long LOOK_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  /**
   * The content of the files; the same object as long as they have not changed.
   *
   * @param clientCas what client certificates must chain to; empty if none are asked for
   */
  public record Loaded(
      PrivateKey key, List<X509Certificate> chain, List<X509Certificate> clientCas) {
    public Loaded {
      chain = List.copyOf(chain);
      clientCas = List.copyOf(clientCas);
    }
  }

  private final Path certificates;
  private final Path key;
  private final @Nullable Path clientCa;
  private final LongSupplier nanoTime;
  private Loaded loaded;
  private List<FileTime> loadedTimes;
  private long lookedAt;

  private TlsFiles(Path certificates, Path key, @Nullable Path clientCa, LongSupplier nanoTime)
      throws IOException, GeneralSecurityException {
    this.certificates = certificates;
    this.key = key;
    this.clientCa = clientCa;
    this.nanoTime = nanoTime;
    lookedAt = nanoTime.getAsLong();
    loadedTimes = times();
    loaded = load();
  }

  /**
   * Reads the files.
   *
   * @return null if none are named
   * @throws SettingsException if one is missing, cannot be read, or they do not belong together
   */
  public static @Nullable TlsFiles of(Settings settings) {
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
      return new TlsFiles(
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
  public boolean mutual() {
    return clientCa != null;
  }

  /** What is in force now. */
  public synchronized Loaded current() {
    long now = nanoTime.getAsLong();
    if (now - lookedAt >= LOOK_EVERY_NANOS) {
      lookedAt = now;
      try {
        List<FileTime> times = times();
        if (!times.equals(loadedTimes)) {
          loaded = load();
          loadedTimes = times;
          LOG.info("TLS certificates read again from {}", certificates);
        }
      } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
        LOG.error("TLS certificates unchanged: {}", e.toString());
      }
    }
    return loaded;
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

  private Loaded load() throws IOException, GeneralSecurityException {
    List<X509Certificate> chain = read(certificates);
    PublicKey publicKey = chain.get(0).getPublicKey();
    PrivateKey privateKey = readKey(key, publicKey.getAlgorithm());
    if (!belongTogether(privateKey, publicKey)) {
      throw new GeneralSecurityException(key + " is not the key of " + certificates);
    }
    return new Loaded(privateKey, chain, clientCa == null ? List.of() : read(clientCa));
  }

  private static List<X509Certificate> read(Path file)
      throws IOException, GeneralSecurityException {
    List<X509Certificate> out = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        out.add((X509Certificate) certificate);
      }
    }
    if (out.isEmpty()) {
      throw new GeneralSecurityException(file + " has no certificates");
    }
    return out;
  }

  private static PrivateKey readKey(Path file, String algorithm)
      throws IOException, GeneralSecurityException {
    Matcher pem = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    if (!pem.find()) {
      throw new GeneralSecurityException(
          file
              + " has no PKCS#8 private key without a password (-----BEGIN PRIVATE KEY-----);"
              + " openssl pkcs8 -topk8 -nocrypt makes one");
    }
    byte[] encoded = Base64.getMimeDecoder().decode(pem.group(1));
    try {
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw new GeneralSecurityException(file + " is not the key of the certificate", e);
    }
  }

  private static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey)
      throws GeneralSecurityException {
    String algorithm =
        switch (privateKey.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> privateKey.getAlgorithm();
        };
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
