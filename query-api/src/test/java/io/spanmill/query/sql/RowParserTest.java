/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.spanmill.model.LatencySketch;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RowParserTest {
  @Test
  void rows_haveTheValuesOfTheirColumns() throws IOException {
    List<Row> rows =
        read(
            "[\"text\", \"n\", \"big\", \"ratio\", \"yes\", \"usd\", \"none\", \"list\", \"map\"]\n"
                + "[\"a\\nb\", 7, 18446744073709551615, 0.25, true, \"0.000000000001\", null,"
                + " [[1, \"x\"]], {\"key\": \"value\"}]\n"
                + "[\"\", -1, 2, 1e3, 0, null, null, [], {}]\n");
    assertThat(rows).hasSize(2);
    Row first = rows.get(0);
    assertThat(first.text("text")).isEqualTo("a\nb");
    assertThat(first.integer("n")).isEqualTo(7);
    assertThat(first.text("big")).isEqualTo("18446744073709551615");
    assertThat(first.decimal("ratio")).isEqualTo(0.25);
    assertThat(first.bool("yes")).isTrue();
    assertThat(first.money("usd")).isEqualTo(new BigDecimal("0.000000000001"));
    assertThat(first.value("none")).isNull();
    assertThat(first.value("list")).isEqualTo(List.of(List.of(1, "x")));
    assertThat(first.map("map")).isEqualTo(Map.of("key", "value"));
    Row second = rows.get(1);
    assertThat(second.text("text")).isEmpty();
    assertThat(second.integer("n")).isEqualTo(-1);
    assertThat(second.decimal("ratio")).isEqualTo(1000);
    assertThat(second.bool("yes")).isFalse();
    assertThat(second.money("usd")).isNull();
    assertThat(second.list("list")).isEmpty();
    assertThat(second.map("map")).isEmpty();
  }

  @Test
  void sketches_haveTheCountsOfTheirBuckets() throws IOException {
    Row row =
        read("[\"duration_sketch\", \"ttft_sketch\", \"n\"]\n"
                + "[{\"-32768\": 1, \"-3\": 4000000000, \"200\": 5}, {}, 9]\n")
            .get(0);
    LatencySketch expected = new LatencySketch();
    expected.addCount(LatencySketch.ZERO_INDEX, 1);
    expected.addCount((short) -3, 4_000_000_000L);
    expected.addCount((short) 200, 5);
    assertThat(row.sketch("duration_sketch")).isEqualTo(expected);
    assertThat(row.sketch("ttft_sketch").size()).isZero();
    assertThat(row.integer("n")).isEqualTo(9);
  }

  @Test
  void result_withoutRows_isEmpty() throws IOException {
    assertThat(read("")).isEmpty();
    assertThat(read("[\"n\"]\n")).isEmpty();
  }

  @Test
  void result_thatIsCutOff_isAnError() {
    assertThatThrownBy(() -> read("[\"n\", \"m\"]\n[1"))
        .isInstanceOf(JsonProcessingException.class);
    assertThatThrownBy(() -> read("[\"n\"]\n[1]\nCode: 241. DB::Exception"))
        .isInstanceOf(JsonProcessingException.class);
  }

  private static List<Row> read(String text) throws IOException {
    return RowParser.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }
}
