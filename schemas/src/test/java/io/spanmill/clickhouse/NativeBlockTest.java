/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class NativeBlockTest {
  @Property(tries = 500)
  void text_isEncodedAsTheJdkDoes(@ForAll String text) {
    GrowingBytes bytes = new GrowingBytes();
    bytes.putText(text);
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    GrowingBytes wanted = new GrowingBytes();
    wanted.putVarint(utf8.length);
    wanted.put(utf8, 0, utf8.length);
    assertThat(content(bytes)).isEqualTo(content(wanted));
  }

  @Property(tries = 500)
  void numbers_areWrittenAsTheJdkDoes(@ForAll long number) {
    for (long n : new long[] {number, number >> 40, 0, Long.MIN_VALUE, Long.MAX_VALUE}) {
      GrowingBytes bytes = new GrowingBytes();
      bytes.putDecimal(n);
      GrowingBytes wanted = new GrowingBytes();
      wanted.putText(Long.toString(n));
      assertThat(content(bytes)).isEqualTo(content(wanted));
    }
  }

  @Property(tries = 200)
  void labels_areFoundAgain_asTextAndAsBytes(@ForAll List<String> texts) throws IOException {
    LowCardinalityColumn byText = new LowCardinalityColumn("c");
    LowCardinalityColumn byBytes = new LowCardinalityColumn("c");
    for (String text : texts) {
      byText.add(text);
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      byBytes.add(utf8, 0, utf8.length);
    }
    assertThat(written(byText, texts.size())).isEqualTo(written(byBytes, texts.size()));
  }

  @Property(tries = 200)
  void labelsByNumber_areThoseAddedByText_inEachGeneration(@ForAll List<String> texts)
      throws IOException {
    LowCardinalityColumn plain = new LowCardinalityColumn("c");
    LowCardinalityColumn byNumber = new LowCardinalityColumn("c");
    int generation = byNumber.generation();
    for (int round = 0; round < 2; round++) {
      for (String text : texts) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        plain.add(text);
        byNumber.addKey(byNumber.key(utf8, 0, utf8.length));
      }
      assertThat(written(byNumber, texts.size())).isEqualTo(written(plain, texts.size()));
      plain.clear();
      byNumber.clear();
      assertThat(byNumber.generation()).isNotEqualTo(generation);
      generation = byNumber.generation();
    }
  }

  @Property(tries = 200)
  void repeatedRows_areThoseAddedAgain(@ForAll List<String> texts) throws IOException {
    LowCardinalityColumn labels = new LowCardinalityColumn("c");
    LowCardinalityColumn wantedLabels = new LowCardinalityColumn("c");
    StringColumn values = new StringColumn("c");
    StringColumn wantedValues = new StringColumn("c");
    for (int round = 0; round < 2; round++) {
      for (String text : texts) {
        wantedLabels.add(text);
        wantedValues.add(text);
        if (round == 0) {
          labels.add(text);
          values.add(text);
        }
      }
    }
    labels.repeat(0, texts.size());
    values.repeat(0, texts.size());
    int rows = 2 * texts.size();
    assertThat(written(labels, rows)).isEqualTo(written(wantedLabels, rows));
    assertThat(written(values, rows)).isEqualTo(written(wantedValues, rows));
  }

  @Test
  void aDroppedRow_leavesNoTrace() throws IOException {
    Rows kept = new Rows();
    kept.add("a", 1);
    Rows dropped = new Rows();
    dropped.add("a", 1);
    dropped.text.add("half a row");
    dropped.money.present();
    dropped.map.keys().add("");
    dropped.list.elements().add("x");
    dropped.block.dropOpenRow();
    dropped.add("b", 2);
    kept.add("b", 2);
    assertThat(dropped.bytes(0, 2)).isEqualTo(kept.bytes(0, 2));
  }

  @Test
  void aSlice_isTheBlockOfThoseRows() throws IOException {
    Rows all = new Rows();
    Rows last = new Rows();
    for (int i = 0; i < 5; i++) {
      all.add("row" + i, i);
      if (i >= 3) {
        last.add("row" + i, i);
      }
    }
    assertThat(all.bytes(3, 5)).isEqualTo(last.bytes(0, 2));
  }

  @Test
  void aRowWithAMissingValue_isRefused() {
    Rows rows = new Rows();
    rows.add("a", 1);
    rows.text.add("b");
    rows.block.endRow();
    assertThatThrownBy(() -> rows.bytes(0, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("money has 1 values for 2 rows");
  }

  @Test
  void aTableOfAnotherShape_isRefusedWithEverythingThatDiffers() {
    Rows rows = new Rows();
    List<TableColumn> there =
        List.of(
            new TableColumn("text", "FixedString(3)", false),
            new TableColumn("money", "Nullable(Decimal(38, 12))", false),
            new TableColumn("list", "Array(String)", false),
            new TableColumn("new_one", "String", false),
            new TableColumn("defaulted", "String", true));
    assertThatThrownBy(() -> rows.block.check("t", there))
        .hasMessageContaining("text is FixedString(3) there, but String here")
        .hasMessageContaining("no column map")
        .hasMessageContaining("nothing fills new_one")
        .hasMessageNotContaining("defaulted");
  }

  private static byte[] content(GrowingBytes bytes) {
    return java.util.Arrays.copyOf(bytes.array(), bytes.size());
  }

  private static byte[] written(NativeColumn column, int rows) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    column.writeRows(out, 0, rows);
    return out.toByteArray();
  }

  private static final class Rows {
    final NativeBlock block = new NativeBlock();
    final StringColumn text = block.string("text");
    final NullableColumn<FixedColumn> money = block.nullableMoney("money");
    final MapColumn<LowCardinalityColumn, StringColumn> map = block.attributes("map");
    final ArrayColumn<StringColumn> list = block.stringList("list");

    void add(String value, int n) {
      text.add(value);
      if (n % 2 == 0) {
        money.addNull();
      } else {
        money.present().add(n);
      }
      for (int i = 0; i < n; i++) {
        map.keys().add("");
        map.values().add(value);
        list.elements().add(value + i);
      }
      map.endRow();
      list.endRow();
      block.endRow();
    }

    byte[] bytes(int from, int to) throws IOException {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      block.writeTo(out, from, to);
      return out.toByteArray();
    }
  }
}
