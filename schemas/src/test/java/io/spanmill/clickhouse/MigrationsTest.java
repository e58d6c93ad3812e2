/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.Cube;
import io.spanmill.model.WindowKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MigrationsTest {
  @Test
  void everyFile_isListedInOrder() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/main/resources/db/clickhouse"))) {
      assertThat(files.map(f -> f.getFileName().toString()).sorted())
          .containsExactlyElementsOf(Migrations.FILES);
    }
    for (int i = 0; i < Migrations.FILES.size(); i++) {
      assertThat(Migrations.versionOf(Migrations.FILES.get(i))).isEqualTo(i + 1);
    }
  }

  @Test
  void everyStatement_canBeRepeated() {
    for (String file : Migrations.FILES) {
      assertThat(SqlScript.statements(Migrations.read(file), ""))
          .isNotEmpty()
          .allMatch(MigrationsTest::canBeRepeated, file);
    }
  }

  private static boolean canBeRepeated(String statement) {
    return statement.contains(" IF NOT EXISTS ")
        || statement.contains(" IF EXISTS ")
        // What has its index keeps it.
        || statement.contains(" MATERIALIZE INDEX ")
        // Keeps the greatest of what is written: a second time only makes counts be taken anew.
        || statement.startsWith("INSERT INTO span_hours ")
        || statement.startsWith("INSERT INTO span_minutes ")
        || statement.startsWith("INSERT INTO call_hours ")
        // What counts twice is more than the truth, as it may be.
        || statement.startsWith("INSERT INTO trace_bounds ")
        || statement.startsWith("INSERT INTO session_traces ")
        // What is known twice is known.
        || statement.startsWith("INSERT INTO span_texts ");
  }

  @Test
  void builtInCubes_haveTheirTables_storedLikeConfiguredOnes() {
    var statements = SqlScript.statements(Migrations.read("V002__rollups.sql"), "");
    for (Cube cube : Cube.BUILT_IN) {
      for (WindowKind window : cube.windows()) {
        String storage = SqlScript.statements(RollupTables.storage(window), "").get(0);
        assertThat(statements)
            .anyMatch(
                s ->
                    s.startsWith("CREATE TABLE IF NOT EXISTS " + cube.table(window) + " ")
                        && s.replaceAll("\\s+", " ").endsWith(storage));
      }
    }
  }
}
