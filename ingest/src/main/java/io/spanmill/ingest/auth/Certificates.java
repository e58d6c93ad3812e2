/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.auth;

import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.common.TlsProvider;
import com.linecorp.armeria.server.ServerTlsConfig;
import io.netty.handler.ssl.ClientAuth;
import io.spanmill.auth.TlsFiles;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link TlsFiles} for Armeria, which asks for them at each handshake. Thread-safe. */
public final class Certificates implements TlsProvider {
  private final TlsFiles files;

  private Certificates(TlsFiles files) {
    this.files = files;
  }

  /**
   * Reads the files of {@code tls.*}.
   *
   * @return null if none are named
   * @throws SettingsException if they cannot be used
   */
  public static @Nullable Certificates of(Settings settings) {
    TlsFiles files = TlsFiles.of(settings);
    return files == null ? null : new Certificates(files);
  }

  /** Whether clients must show a certificate. */
  public ServerTlsConfig config() {
    return ServerTlsConfig.builder()
        .clientAuth(files.mutual() ? ClientAuth.REQUIRE : ClientAuth.NONE)
        .build();
  }

  @Override
  public TlsKeyPair keyPair(String hostname) {
    TlsFiles.Loaded current = files.current();
    return TlsKeyPair.of(current.key(), current.chain());
  }

  @Override
  public @Nullable List<X509Certificate> trustedCertificates(String hostname) {
    return files.mutual() ? files.current().clientCas() : null;
  }
}
