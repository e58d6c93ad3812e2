/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.config.Keys;
import io.spanmill.standalone.embedded.SetupException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that one running Spanmill owns: marked, so that no foreign folder is filled, and
 * locked while it is open. The lock ends with the process, however that ends.
 */
public final class DataFolder implements AutoCloseable {
  private static final String MARKER = "spanmill-data";
  private static final String LOCK = "lock";
  private static final String TOKEN_SECRET = "token.secret";
  private static final int TOKEN_SECRET_BYTES = 32;

  /** Raised when a change to the layout would make older programs misread it. */
  private static final int LAYOUT = 1;

  /** What file systems and people put into a folder that is otherwise empty. */
  private static final Set<String> NOT_DATA = Set.of("lost+found", ".gitkeep", ".DS_Store");

  private final Path dir;
  private final FileChannel channel;

  private DataFolder(Path dir, FileChannel channel) {
    this.dir = dir;
    this.channel = channel;
  }

  /**
   * Makes the folder if it is missing, checks that it is ours and locks it.
   *
   * @throws SetupException if it is foreign, unwritable, newer than this program, or in use
   */
  public static DataFolder open(Path wanted) {
    Path dir = wanted.toAbsolutePath().normalize();
    try {
      Files.createDirectories(dir);
      checkMarker(dir);
      FileChannel channel = lock(dir);
      if (channel == null) {
        throw new SetupException(
            "another Spanmill"
                + RunFile.read(dir).map(run -> " (process " + run.pid() + ")").orElse("")
                + " is using "
                + dir
                + "; stop it, or give another folder with --data DIR");
      }
      return new DataFolder(dir, channel);
    } catch (FileAlreadyExistsException e) {
      throw new SetupException(dir + " is not a folder; give another with --data DIR", e);
    } catch (AccessDeniedException e) {
      throw unwritable(dir, "user " + System.getProperty("user.name") + " has no right to", e);
    } catch (IOException e) {
      throw unwritable(dir, String.valueOf(e.getMessage()), e);
    }
  }

  /** Whether a running Spanmill holds this folder. */
  public static boolean inUse(Path wanted) {
    Path dir = wanted.toAbsolutePath().normalize();
    if (!Files.isRegularFile(dir.resolve(LOCK))) {
      return false;
    }
    try {
      FileChannel channel = lock(dir);
      if (channel == null) {
        return true;
      }
      channel.close();
      return false;
    } catch (IOException e) {
      throw unwritable(dir, String.valueOf(e.getMessage()), e);
    }
  }

  public Path dir() {
    return dir;
  }

  /**
   * The secret that signs tokens, made at the first call and kept: tokens outlive a restart, and
   * senders that fetch one only once (the AgentOps SDK) go on.
   */
  public String tokenSecret() {
    Path file = dir.resolve(TOKEN_SECRET);
    try {
      if (Files.exists(file)) {
        return Files.readString(file).strip();
      }
      byte[] secret = new byte[TOKEN_SECRET_BYTES];
      new SecureRandom().nextBytes(secret);
      String text = HexFormat.of().formatHex(secret);
      boolean posix = Files.getFileStore(dir).supportsFileAttributeView("posix");
      FileAttribute<?>[] ownerAlone =
          posix
              ? new FileAttribute<?>[] {
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
              }
              : new FileAttribute<?>[0];
      // Whole or not at all: an empty secret would be worse than a new one.
      Path fresh = Files.createTempFile(dir, TOKEN_SECRET, ".new", ownerAlone);
      Files.writeString(fresh, text + "\n");
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      return text;
    } catch (IOException e) {
      throw unwritable(dir, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new IllegalStateException("cannot unlock " + dir, e);
    }
  }

  private static void checkMarker(Path dir) throws IOException {
    Path marker = dir.resolve(MARKER);
    if (!Files.exists(marker)) {
      try (Stream<Path> entries = Files.list(dir)) {
        if (entries.anyMatch(path -> !NOT_DATA.contains(path.getFileName().toString()))) {
          throw new SetupException(
              dir
                  + " holds other files and no Spanmill data; give an empty folder with --data DIR or "
                  + Keys.DATA_DIR);
        }
      }
      Files.writeString(marker, "layout " + LAYOUT + "\n");
    }
    String text = Files.readString(marker).strip();
    if (!text.equals("layout " + LAYOUT)) {
      throw new SetupException(
          dir
              + " was written by another version of Spanmill ("
              + text
              + ", this one knows layout "
              + LAYOUT
              + "); use that version, or give another folder with --data DIR");
    }
  }

  private static @Nullable FileChannel lock(Path dir) throws IOException {
    FileChannel channel =
        FileChannel.open(dir.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // Held by this very process.
      channel.close();
      return null;
    }
    channel.close();
    return null;
  }

  private static SetupException unwritable(Path dir, String why, IOException cause) {
    return new SetupException(
        "cannot write to the data folder "
            + dir
            + " ("
            + why
            + "); give another with --data DIR or "
            + Keys.DATA_DIR,
        cause);
  }
}
