/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Which build this is, as Maven wrote it into {@code spanmill-build.properties}.
 *
 * @param version the version of the POM, such as {@code 0.1.0-SNAPSHOT}
 * @param commit short id of the commit it was built from; null if it was built outside a checkout
 *     or by Maven alone ({@code -Dspanmill.commit} tells it)
 */
public record Build(String version, @Nullable String commit) {
  private static final String FILE = "/spanmill-build.properties";

  /**
   * Reads it from the class path.
   *
   * @throws IllegalStateException if the build did not write it
   */
  public static Build read() {
    Properties p = new Properties();
    try (InputStream in = Build.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException("no " + FILE + " on the class path: build with Maven");
      }
      p.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String commit = p.getProperty("commit");
    return new Build(p.getProperty("version"), commit.isEmpty() ? null : commit);
  }

  /** Version and, if known, commit: {@code 0.1.0 (1a2b3c4d5e6f)}. */
  @Override
  public String toString() {
    return commit == null ? version : version + " (" + commit + ")";
  }
}
