/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.auth.TlsFiles;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.UUID;
import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** HTTPS with the certificates of {@link TlsFiles}, asked for again at each handshake. */
final class TlsConnector {
  private TlsConnector() {}

  /** A connector, not yet bound. */
  static ServerConnector of(Server server, HttpConfiguration http, TlsFiles files) {
    HttpConfiguration https = new HttpConfiguration(http);
    // http.hosts decides about names, whatever the certificate says.
    https.addCustomizer(new SecureRequestCustomizer(false));
    return new ServerConnector(
        server,
        new SslConnectionFactory(new Factory(files), "http/1.1"),
        new HttpConnectionFactory(https));
  }

  /** Jetty's own factory, which reads keys from a store: here it is made of the files. */
  private static final class Factory extends SslContextFactory.Server {
    private final TlsFiles files;
    private TlsFiles.Loaded used;

    Factory(TlsFiles files) {
      this.files = files;
      used = files.current();
      setNeedClientAuth(files.mutual());
      use(used);
    }

    @Override
    public SSLEngine newSSLEngine(String host, int port) {
      refresh();
      return super.newSSLEngine(host, port);
    }

    @Override
    public SSLEngine newSSLEngine() {
      refresh();
      return super.newSSLEngine();
    }

    private synchronized void refresh() {
      TlsFiles.Loaded current = files.current();
      if (current.equals(used)) {
        return;
      }
      try {
        reload(unused -> use(current));
        used = current;
      } catch (Exception e) {
        throw new IllegalStateException("certificates that were read cannot be used", e);
      }
    }

    private void use(TlsFiles.Loaded loaded) {
      // The store never leaves memory; Jetty wants a password all the same.
      String password = UUID.randomUUID().toString();
      try {
        KeyStore own = empty();
        own.setKeyEntry(
            "own",
            loaded.key(),
            password.toCharArray(),
            loaded.chain().toArray(X509Certificate[]::new));
        setKeyStore(own);
        setKeyStorePassword(password);
        setKeyManagerPassword(password);
        setTrustStore(files.mutual() ? trusted(loaded.clientCas()) : null);
      } catch (GeneralSecurityException | IOException e) {
        throw new IllegalStateException("certificates that were read cannot be used", e);
      }
    }

    private static KeyStore trusted(List<X509Certificate> authorities)
        throws GeneralSecurityException, IOException {
      KeyStore store = empty();
      for (int i = 0; i < authorities.size(); i++) {
        store.setCertificateEntry("ca" + i, authorities.get(i));
      }
      return store;
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      return store;
    }
  }
}
