/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SqlTest {
  @Test
  void append_renumbersPlaceholders() {
    Sql inner = new Sql().add("SELECT a WHERE b = ").bind("x").add(" AND ").in("c", List.of("y"));
    Sql sql =
        new Sql().add("SELECT ").bind(7).add(" FROM (").append(inner).add(") WHERE d = ").bind("z");

    assertThat(sql.text())
        .isEqualTo(
            "SELECT {p0:Int64} FROM (SELECT a WHERE b = {p1:String} AND c IN {p2:Array(String)})"
                + " WHERE d = {p3:String}");
    assertThat(sql.parameters())
        .containsEntry("p0", 7L)
        .containsEntry("p1", "x")
        .containsEntry("p2", List.of("y"))
        .containsEntry("p3", "z");
  }

  @Test
  void aLongList_isBoundInPartsThatTheServerTakes() {
    List<String> ids = IntStream.range(0, 20_000).mapToObj("%032x"::formatted).toList();
    Sql sql = new Sql().add("first").append(new Sql().bind(7).bindAll(ids)).bind(1);

    List<Object> bound = new ArrayList<>();
    sql.parameters()
        .forEach(
            (name, value) -> {
              assertThat(sql.text()).containsOnlyOnce("{" + name + ":");
              if (value instanceof List<?> part) {
                assertThat(part).hasSizeLessThan(131_072 / 35);
                bound.addAll(part);
              }
            });
    assertThat(bound).isEqualTo(ids);
  }

  @Test
  void fingerprint_differsByValue() {
    assertThat(new Sql().add("a = ").bind("x").fingerprint())
        .isEqualTo(new Sql().add("a = ").bind("x").fingerprint())
        .isNotEqualTo(new Sql().add("a = ").bind("y").fingerprint());
  }
}
