/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import io.spanmill.model.NormalizedSpan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The price books in force, read from folders, files and URLs and read again on {@link #refresh}. A
 * bad file is refused with line and reason; then all books stay as they were. Safe for many
 * threads.
 */
public final class PriceFiles implements Pricer {
  private static final Logger LOG = LoggerFactory.getLogger(PriceFiles.class);
  private static final Duration URL_TIMEOUT = Duration.ofSeconds(20);
  private static final int ID_DIGITS = 12;

  private final List<String> paths;
  private volatile State state;

  private record State(
      PriceBooks books, Map<String, String> hashes, Instant loadedAt, @Nullable String problem) {}

  private PriceFiles(List<String> paths, State state) {
    this.paths = paths;
    this.state = state;
  }

  /**
   * Reads all books for the first time.
   *
   * @param paths folders of YAML, YAML files, or LiteLLM cost maps (.json, path or http(s) URL), in
   *     order of precedence
   * @throws PriceBookException if any cannot be used
   */
  public static PriceFiles load(List<String> paths) throws PriceBookException {
    return new PriceFiles(List.copyOf(paths), read(contents(paths)));
  }

  @Override
  public void price(NormalizedSpan call) {
    state.books().price(call);
  }

  /** The books in force. */
  public PriceBooks books() {
    return state.books();
  }

  /** When the books in force were read. */
  public Instant loadedAt() {
    return state.loadedAt();
  }

  /** Why the newest files are not in force, or null if they are. */
  public @Nullable String problem() {
    return state.problem();
  }

  /**
   * Looks for changed files and takes them over.
   *
   * @return whether other books are in force now
   */
  public synchronized boolean refresh() {
    State before = state;
    try {
      Map<String, byte[]> contents = contents(paths);
      if (hashes(contents).equals(before.hashes()) && before.problem() == null) {
        return false;
      }
      State next = read(contents);
      state = next;
      boolean changed = !next.hashes().equals(before.hashes());
      if (changed) {
        LOG.info(
            "price books in force: {}", next.books().books().stream().map(PriceBook::id).toList());
      }
      return changed;
    } catch (PriceBookException e) {
      if (!String.valueOf(e.getMessage()).equals(before.problem())) {
        LOG.error("price books unchanged: {}", e.getMessage());
      }
      state = new State(before.books(), before.hashes(), before.loadedAt(), e.getMessage());
      return false;
    }
  }

  private static State read(Map<String, byte[]> contents) throws PriceBookException {
    List<PriceBook> books = new ArrayList<>();
    Map<String, String> hashes = hashes(contents);
    for (Map.Entry<String, byte[]> e : contents.entrySet()) {
      String file = e.getKey();
      String id = shortName(file) + "@" + hashes.getOrDefault(file, "").substring(0, ID_DIGITS);
      books.add(
          file.toLowerCase(Locale.ROOT).endsWith(".json")
              ? LiteLlmCostMap.read(file, e.getValue(), id)
              : YamlPriceBook.read(file, new String(e.getValue(), StandardCharsets.UTF_8), id));
    }
    return new State(new PriceBooks(books), hashes, Instant.now(), null);
  }

  private static Map<String, byte[]> contents(List<String> paths) throws PriceBookException {
    Map<String, byte[]> out = new LinkedHashMap<>();
    for (String path : paths) {
      try {
        if (path.startsWith("http://") || path.startsWith("https://")) {
          out.put(path, download(path));
        } else if (Files.isDirectory(Path.of(path))) {
          try (Stream<Path> files = Files.list(Path.of(path))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
              out.put(file.toString(), Files.readAllBytes(file));
            }
          }
        } else {
          out.put(path, Files.readAllBytes(Path.of(path)));
        }
      } catch (IOException | UncheckedIOException e) {
        throw new PriceBookException(path, 0, "cannot be read: " + e);
      }
    }
    return out;
  }

  private static byte[] download(String url) throws IOException, PriceBookException {
    HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(URL_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(URL_TIMEOUT).build();
    try {
      HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new PriceBookException(url, 0, "answered " + response.statusCode());
      }
      return response.body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PriceBookException(url, 0, "interrupted while loading");
    }
  }

  private static Map<String, String> hashes(Map<String, byte[]> contents) {
    Map<String, String> out = new LinkedHashMap<>();
    contents.forEach((file, bytes) -> out.put(file, sha256(bytes)));
    return out;
  }

  private static String sha256(byte[] bytes) {
    try {
      return String.format(
          "%064x", new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(bytes)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String shortName(String file) {
    return file.substring(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  }
}
