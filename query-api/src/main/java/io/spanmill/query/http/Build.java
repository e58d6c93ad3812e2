/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** Which build this is, as the build wrote it into {@code spanmill-build.properties}. */
record Build(String version, @Nullable String commit) {
  static Build read() {
    Properties p = new Properties();
    try (InputStream in = Build.class.getResourceAsStream("/spanmill-build.properties")) {
      if (in != null) {
        p.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String commit = p.getProperty("commit", "");
    return new Build(p.getProperty("version", "unknown"), commit.isEmpty() ? null : commit);
  }
}
