/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SqlScriptTest {
  @Test
  void semicolons_inQuotesAndComments_doNotSplit() {
    assertThat(
            SqlScript.split(
                """
                -- first; not a statement
                SELECT ';' AS a, 'it''s; \\'' ; /* a ; b */
                SELECT `x;y` FROM t -- tail; of line
                WHERE "c;" = 1;;
                """))
        .containsExactly("SELECT ';' AS a, 'it''s; \\''", "SELECT `x;y` FROM t \nWHERE \"c;\" = 1");
  }

  @Test
  void openQuote_isRefused() {
    assertThatThrownBy(() -> SqlScript.split("SELECT 'a")).hasMessageContaining("not closed");
  }

  @Test
  void places_areFilled_forOneServer() {
    assertThat(
            SqlScript.statements(
                "CREATE TABLE t {{cluster}} ENGINE = {{engine:ReplacingMergeTree(version)}}", ""))
        .containsExactly("CREATE TABLE t  ENGINE = ReplacingMergeTree(version)");
  }

  @Test
  void places_areFilled_forACluster() {
    assertThat(
            SqlScript.statements(
                "CREATE TABLE t {{cluster}} ENGINE = {{engine:ReplacingMergeTree(version)}};"
                    + "CREATE TABLE u {{cluster}} ENGINE = {{engine:MergeTree}}",
                "main"))
        .containsExactly(
            "CREATE TABLE t ON CLUSTER 'main' ENGINE ="
                + " ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}',"
                + " '{replica}', version)",
            "CREATE TABLE u ON CLUSTER 'main' ENGINE ="
                + " ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')");
  }

  @Test
  void unknownPlace_isRefused() {
    assertThatThrownBy(() -> SqlScript.statements("{{nope}}", "")).hasMessageContaining("nope");
  }
}
