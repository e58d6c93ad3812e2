/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configured API keys. Only their hashes are kept, all of them are compared at each look-up, in
 * constant time. The key file is looked at again at most once a second, so that keys rotate without
 * a restart; a file that cannot be read leaves the keys as they were. Thread-safe.
 */
public final class ApiKeys {
  private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
  private static final long LOOK_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int KEY_ID_DIGITS = 8;

  private record Entry(byte[] hash, Principal principal) {}

  private final List<Entry> fixed;
  private final @Nullable Path file;
  private final LongSupplier nanoTime;
  private volatile List<Entry> fromFile = List.of();
  private volatile @Nullable FileTime fileTime;
  private volatile long lookedAt;

  private ApiKeys(List<Entry> fixed, @Nullable Path file, LongSupplier nanoTime) {
    this.fixed = fixed;
    this.file = file;
    this.nanoTime = nanoTime;
    this.lookedAt = nanoTime.getAsLong();
  }

  /**
   * Reads {@code auth.keys} and {@code auth.keys.file}.
   *
   * @throws SettingsException naming every bad entry by its position, never by its text
   */
  public static ApiKeys of(Settings settings) {
    return of(settings, System::nanoTime);
  }

  static ApiKeys of(Settings settings, LongSupplier nanoTime) {
    List<String> problems = new ArrayList<>();
    List<Entry> fixed =
        parse(List.of(settings.secret(Keys.AUTH_KEYS).split(",")), "auth.keys entry ", problems);
    String name = settings.string(Keys.AUTH_KEYS_FILE);
    ApiKeys keys = new ApiKeys(fixed, name.isEmpty() ? null : Path.of(name), nanoTime);
    if (keys.file != null) {
      try {
        keys.load(keys.file, problems);
      } catch (IOException e) {
        problems.add("auth.keys.file " + name + " cannot be read: " + e.getMessage());
      }
    }
    if (!problems.isEmpty()) {
      throw new SettingsException(problems);
    }
    return keys;
  }

  /**
   * Whether keys are configured. A keys file counts even while it is empty: emptying it must not
   * open the door.
   */
  public boolean any() {
    return !fixed.isEmpty() || file != null;
  }

  /** Whose key this is, or null. */
  public @Nullable Principal find(String key) {
    refresh();
    byte[] hash = sha256(key);
    Principal found = null;
    for (List<Entry> entries : List.of(fixed, fromFile)) {
      for (Entry entry : entries) {
        if (MessageDigest.isEqual(entry.hash, hash)) {
          found = entry.principal;
        }
      }
    }
    return found;
  }

  /** Whose key has this id, or null. */
  public @Nullable Principal byId(String id) {
    refresh();
    return Stream.of(fixed, fromFile)
        .flatMap(List::stream)
        .map(Entry::principal)
        .filter(principal -> principal.keyId().equals(id))
        .findFirst()
        .orElse(null);
  }

  private void refresh() {
    if (file == null || nanoTime.getAsLong() - lookedAt < LOOK_EVERY_NANOS) {
      return;
    }
    lookedAt = nanoTime.getAsLong();
    List<String> problems = new ArrayList<>();
    try {
      if (!Files.getLastModifiedTime(file).equals(fileTime)) {
        load(file, problems);
        if (problems.isEmpty()) {
          LOG.info("API keys read again from {}", file);
        }
      }
    } catch (IOException e) {
      problems.add("auth.keys.file " + file + " cannot be read: " + e.getMessage());
    }
    problems.forEach(p -> LOG.error("API keys unchanged: {}", p));
  }

  private void load(Path path, List<String> problems) throws IOException {
    FileTime time = Files.getLastModifiedTime(path);
    int before = problems.size();
    List<Entry> entries =
        parse(Files.readAllLines(path, StandardCharsets.UTF_8), path + " line ", problems);
    fileTime = time;
    if (problems.size() == before) {
      fromFile = entries;
    }
  }

  private static List<Entry> parse(List<String> lines, String where, List<String> problems) {
    List<Entry> out = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).trim();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String[] parts = line.split(":");
      Set<Role> roles = parts.length == 3 ? roles(parts[2]) : null;
      if (roles == null || parts[0].length() < 8 || parts[1].isBlank()) {
        problems.add(
            where
                + (i + 1)
                + " must be KEY:PROJECT:ROLE|ROLE with a key of 8 characters or more and roles of ingest, read, metrics, admin");
      } else if (parts[1].trim().equals(Principal.ALL_PROJECTS) && roles.contains(Role.INGEST)) {
        problems.add(
            where + (i + 1) + " gives ingest on all projects: a sender's key needs one project");
      } else {
        byte[] hash = sha256(parts[0]);
        String id = HexFormat.of().formatHex(hash).substring(0, KEY_ID_DIGITS);
        out.add(new Entry(hash, new Principal(parts[1].trim(), roles, id)));
      }
    }
    return out;
  }

  private static @Nullable Set<Role> roles(String text) {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (String part : text.trim().split("\\|")) {
      try {
        roles.add(Role.valueOf(part.trim().toUpperCase(Locale.ROOT)));
      } catch (IllegalArgumentException e) {
        return null;
      }
    }
    return roles;
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
