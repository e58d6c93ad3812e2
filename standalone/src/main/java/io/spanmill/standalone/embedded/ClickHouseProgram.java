/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What runs the embedded server on this machine: the native library of the npm package {@code
 * @chdb/lib-*} in a child JVM or, where that has no build for the platform, a {@code clickhouse}
 * program on the PATH.
 */
final class ClickHouseProgram {
  /** System property that names the library's file, over any search. */
  static final String LIBRARY_PROPERTY = "spanmill.clickhouse.library";

  /** System property of the start script: Spanmill's own folder, else the working folder counts. */
  private static final String HOME_PROPERTY = "spanmill.home";

  /**
   * Starts the server deaf to what a terminal sends to all its processes at once: the services are
   * to write their last rows before their server goes.
   */
  private static final String SHIELD = "trap '' INT HUP; exec \"$0\" \"$@\"";

  /**
   * Runs the server and reads standard input beside it; whichever ends first ends the other. The
   * descriptor is moved because a shell gives background commands an empty input.
   */
  private static final String SERVER_SCRIPT =
      """
      trap '' INT HUP
      exec 3<&0
      "$0" server --config-file="$1" </dev/null &
      server=$!
      (cat <&3 >/dev/null; kill -TERM $server) &
      watch=$!
      wait $server
      code=$?
      kill $watch 2>/dev/null
      exit $code
      """;

  private ClickHouseProgram() {}

  /**
   * The command that runs a server with this configuration.
   *
   * @throws SetupException if this machine has neither library nor program
   */
  static List<String> command(Path config, Path scratch) {
    Path library =
        library(
            System.getProperty(LIBRARY_PROPERTY),
            Path.of(System.getProperty(HOME_PROPERTY, "")).toAbsolutePath());
    if (library != null) {
      return child(library, config, scratch);
    }
    Path program = onPath(System.getenv());
    if (program != null) {
      return List.of("/bin/sh", "-c", SERVER_SCRIPT, program.toString(), config.toString());
    }
    throw new SetupException(
        "no ClickHouse for "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
            + ": neither .tools/clickhouse/node_modules/@chdb nor a clickhouse program on the PATH; run ./spanmill build,"
            + " install ClickHouse, or set clickhouse.url");
  }

  /** The library that the property names, else the one installed in this folder or above it. */
  static @Nullable Path library(@Nullable String named, Path from) {
    if (named != null) {
      if (!Files.isRegularFile(Path.of(named))) {
        throw new SetupException(LIBRARY_PROPERTY + " names " + named + ", which is no file");
      }
      return Path.of(named);
    }
    for (Path dir = from; dir != null; dir = dir.getParent()) {
      Path library =
          dir.resolve(".tools/clickhouse/node_modules/@chdb/lib-" + platform() + "/libchdb.so");
      if (Files.isRegularFile(library)) {
        return library;
      }
    }
    return null;
  }

  /** The platform's name as the npm packages spell it. */
  static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String cpu = arch.equals("aarch64") || arch.equals("arm64") ? "arm64" : "x64";
    return os.contains("mac") ? "darwin-" + cpu : "linux-" + cpu + "-gnu";
  }

  private static List<String> child(Path library, Path config, Path scratch) {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", SHIELD));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx32m",
            "-Xss512k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:ReservedCodeCacheSize=16m"));
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    // Its own folder: JNA unpacks a library there, and /tmp may forbid running code.
    command.add("-Djna.tmpdir=" + scratch);
    command.add("-cp");
    command.add(home(ClickHouseChild.class) + File.pathSeparator + home(com.sun.jna.Native.class));
    command.add(ClickHouseChild.class.getName());
    command.add(library.toString());
    command.add(config.toString());
    return command;
  }

  private static Path home(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    try {
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new SetupException("cannot tell where " + type.getName() + " was loaded from", e);
    }
  }

  static @Nullable Path onPath(Map<String, String> env) {
    for (String dir : env.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path program = Path.of(dir, "clickhouse");
      if (!dir.isEmpty() && Files.isExecutable(program)) {
        return program;
      }
    }
    return null;
  }
}
