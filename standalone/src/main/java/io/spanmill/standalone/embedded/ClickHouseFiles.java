/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;

/** Writes the two files the embedded server reads: its configuration and its users. */
final class ClickHouseFiles {
  private ClickHouseFiles() {}

  /**
   * Writes both files, readable by this user alone.
   *
   * @return the configuration file
   */
  static Path write(Path dir, int port, long memoryMaxBytes, String user, String password)
      throws IOException {
    Path users = dir.resolve("users.xml");
    Path config = dir.resolve("config.xml");
    writePrivate(users, users(user, password));
    writePrivate(config, config(dir, users, port, memoryMaxBytes, user, password));
    return config;
  }

  /**
   * The library's own session is always user {@code default}, without a password, from 127.0.0.1;
   * so that user cannot be taken away, and its right to read the input is a right to read any local
   * file. The HTTP port therefore answers only requests that name the one real user: rules are
   * matched before the query is looked at.
   */
  private static String config(
      Path dir, Path users, int port, long memoryMaxBytes, String user, String password) {
    String basic =
        Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    return """
        <clickhouse>
          <path>%1$s/store/</path>
          <tmp_path>%1$s/tmp/</tmp_path>
          <user_files_path>%1$s/user_files/</user_files_path>
          <format_schema_path>%1$s/format_schemas/</format_schema_path>
          <listen_host>127.0.0.1</listen_host>
          <http_port>%2$d</http_port>
          <users_config>%3$s</users_config>
          <max_server_memory_usage>%4$d</max_server_memory_usage>
          <max_concurrent_queries>100</max_concurrent_queries>
          <mark_cache_size>268435456</mark_cache_size>
          <uncompressed_cache_size>134217728</uncompressed_cache_size>
          <keep_alive_timeout>30</keep_alive_timeout>
          <shutdown_wait_unfinished>1</shutdown_wait_unfinished>
          <http_handlers>
            <rule>
              <url>/ping</url>
              <handler><type>ping</type></handler>
            </rule>
            <rule>
              <headers><Authorization>Basic %6$s</Authorization></headers>
              <handler>
                <type>dynamic_query_handler</type>
                <query_param_name>query</query_param_name>
              </handler>
            </rule>
            <rule>
              <headers><X-ClickHouse-User>%5$s</X-ClickHouse-User></headers>
              <handler>
                <type>dynamic_query_handler</type>
                <query_param_name>query</query_param_name>
              </handler>
            </rule>
          </http_handlers>
        </clickhouse>
        """
        .formatted(xml(dir), port, xml(users), memoryMaxBytes, user, basic);
  }

  private static String users(String user, String password) {
    return """
        <clickhouse>
          <profiles><default/></profiles>
          <quotas><default/></quotas>
          <users>
            <default>
              <password></password>
              <networks><ip>127.0.0.1</ip></networks>
              <profile>default</profile>
              <quota>default</quota>
              <grants>
                <query>GRANT SYSTEM LISTEN, FILE, CREATE TEMPORARY TABLE ON *.*</query>
              </grants>
            </default>
            <%1$s>
              <password_sha256_hex>%2$s</password_sha256_hex>
              <networks><ip>127.0.0.1</ip></networks>
              <profile>default</profile>
              <quota>default</quota>
            </%1$s>
          </users>
        </clickhouse>
        """
        .formatted(user, sha256(password));
  }

  private static void writePrivate(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(next);
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(next, text);
    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String sha256(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String xml(Path path) {
    return path.toString().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
