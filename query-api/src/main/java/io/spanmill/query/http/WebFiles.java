/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * Serves the screen's built files. Paths that are no file are places within the screen and get its
 * page.
 */
final class WebFiles {
  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("html", "text/html; charset=utf-8"),
          Map.entry("js", "text/javascript; charset=utf-8"),
          Map.entry("css", "text/css; charset=utf-8"),
          Map.entry("json", "application/json"),
          Map.entry("map", "application/json"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("png", "image/png"),
          Map.entry("ico", "image/x-icon"),
          Map.entry("woff2", "font/woff2"),
          Map.entry("txt", "text/plain; charset=utf-8"),
          Map.entry("webmanifest", "application/manifest+json"));

  private final Path root;

  WebFiles(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  /** Answers with the file, or with the page; 404 if the screen is not built. */
  void serve(Context http) throws IOException {
    String path = http.path();
    Path file = root.resolve(path.substring(1)).normalize();
    if (!file.startsWith(root)) {
      throw ApiException.notFound("no such file");
    }
    if (!path.equals("/") && Files.isRegularFile(file)) {
      // Built names carry a hash of what is in them.
      boolean hashed = path.startsWith("/assets/");
      send(http, file, hashed ? "public, max-age=31536000, immutable" : "no-cache");
      return;
    }
    Path page = root.resolve("index.html");
    boolean place = path.lastIndexOf('.') < path.lastIndexOf('/') || path.equals("/");
    if (!place || !Files.isRegularFile(page)) {
      throw ApiException.notFound(
          place ? "the screen is not built: see query.web.dir" : "no such file");
    }
    send(http, page, "no-cache");
  }

  private static void send(Context http, Path file, String cacheControl) throws IOException {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    String type =
        TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream");
    String tag =
        "\""
            + Long.toHexString(Files.getLastModifiedTime(file).toMillis())
            + "-"
            + Long.toHexString(Files.size(file))
            + "\"";
    http.header("ETag", tag).header("Cache-Control", cacheControl);
    if (EntityTags.known(http, tag)) {
      http.status(304);
      return;
    }
    http.contentType(type).result(Files.readAllBytes(file));
  }
}
