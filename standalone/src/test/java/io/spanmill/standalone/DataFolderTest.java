/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.standalone.embedded.SetupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
  @TempDir Path temp;

  @Test
  void missingFolder_isMadeAndFoundAgain() {
    Path dir = temp.resolve("a/b");
    DataFolder.open(dir).close();
    try (DataFolder again = DataFolder.open(dir)) {
      assertThat(again.dir()).isEqualTo(dir).isDirectory();
    }
  }

  @Test
  void foreignFolder_isRefusedAndLeftAsItWas() throws IOException {
    Files.writeString(temp.resolve("letter.txt"), "mine");
    assertThatThrownBy(() -> DataFolder.open(temp).close())
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("holds other files")
        .hasMessageNotContaining("\n");
    try (var left = Files.list(temp)) {
      assertThat(left).containsExactly(temp.resolve("letter.txt"));
    }
  }

  @Test
  void file_isNoFolder() throws IOException {
    Path file = Files.writeString(temp.resolve("f"), "");
    assertThatThrownBy(() -> DataFolder.open(file).close())
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("is not a folder");
  }

  @Test
  void folderInUse_isRefusedWithTheProcess() {
    try (DataFolder first = DataFolder.open(temp)) {
      new RunFile(4711, Map.of()).write(first.dir());
      assertThat(DataFolder.inUse(temp)).isTrue();
      assertThatThrownBy(() -> DataFolder.open(temp).close())
          .isInstanceOf(SetupException.class)
          .hasMessageContaining("another Spanmill (process 4711)");
    }
    assertThat(DataFolder.inUse(temp)).isFalse();
  }

  @Test
  void folderOfAnotherLayout_isRefused() throws IOException {
    Files.writeString(temp.resolve("spanmill-data"), "layout 99\n");
    assertThatThrownBy(() -> DataFolder.open(temp).close())
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("layout 99");
  }

  @Test
  void runFile_comesBackAndIsPrivate() throws IOException {
    RunFile written =
        new RunFile(12, Map.of("query.port", "8080", "clickhouse.password", "a=b #c"));
    written.write(temp);
    assertThat(RunFile.read(temp)).contains(written);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(temp.resolve("run.properties"))))
        .isEqualTo("rw-------");
    RunFile.delete(temp);
    assertThat(RunFile.read(temp)).isEmpty();
  }

  @Test
  void tokenSecret_isMadeOnceForItsOwnerAlone() throws IOException {
    String first;
    try (DataFolder folder = DataFolder.open(temp)) {
      first = folder.tokenSecret();
      assertThat(first).matches("[0-9a-f]{64}");
      assertThat(Files.getPosixFilePermissions(temp.resolve("token.secret")))
          .containsExactlyInAnyOrder(
              PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    }
    try (DataFolder again = DataFolder.open(temp)) {
      assertThat(again.tokenSecret()).isEqualTo(first);
    }
  }
}
