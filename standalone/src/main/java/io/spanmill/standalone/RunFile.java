/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.standalone.embedded.SetupException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What a running Spanmill tells other commands on this machine: the settings that lead to it, with
 * the ports it really got and the password of its ClickHouse. Readable by its user alone, gone when
 * it stops.
 *
 * @param pid process id of the running Spanmill
 * @param settings setting names and values
 */
public record RunFile(long pid, Map<String, String> settings) {
  private static final String NAME = "run.properties";
  private static final String PID = "pid";

  public RunFile {
    settings = Map.copyOf(settings);
  }

  /** Writes the file of this process. */
  public void write(Path dir) {
    Properties properties = new Properties();
    properties.putAll(settings);
    properties.setProperty(PID, Long.toString(pid));
    StringWriter text = new StringWriter();
    Path next = dir.resolve(NAME + ".new");
    try {
      properties.store(text, "Written at start, deleted at stop; holds a password");
      Files.deleteIfExists(next);
      if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
        Files.createFile(
            next,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      }
      Files.writeString(next, text.toString());
      Files.move(next, dir.resolve(NAME), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new SetupException("cannot write " + dir.resolve(NAME) + ": " + e.getMessage(), e);
    }
  }

  /** The file in this folder, of a Spanmill that may have died since. */
  public static Optional<RunFile> read(Path dir) {
    Path file = dir.resolve(NAME);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException e) {
      throw new SetupException("cannot read " + file + ": " + e.getMessage(), e);
    }
    Map<String, String> settings = new TreeMap<>();
    properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key)));
    String pid = settings.remove(PID);
    return Optional.of(new RunFile(pid == null ? 0 : Long.parseLong(pid), settings));
  }

  /** Deletes the file. */
  public static void delete(Path dir) {
    try {
      Files.deleteIfExists(dir.resolve(NAME));
    } catch (IOException e) {
      throw new SetupException("cannot delete " + dir.resolve(NAME) + ": " + e.getMessage(), e);
    }
  }
}
