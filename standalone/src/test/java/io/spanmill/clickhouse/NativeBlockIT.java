/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Ids;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Our encoder against ClickHouse as the oracle: what was written is what comes back. */
class NativeBlockIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final String TABLE =
      """
      CREATE TABLE kinds (
        n UInt32, i8 Int8, i16 Int16, i32 Int32, i64 Int64, u8 UInt8, u16 UInt16, u64 UInt64,
        u128 UInt128, flag Bool, money Decimal(38, 12), maybe Nullable(Decimal(38, 12)),
        seconds DateTime('UTC'), millis DateTime64(3, 'UTC'), nanos DateTime64(9, 'UTC'),
        trace FixedString(16), span FixedString(8), kind Enum8('none' = 0, 'some' = 1),
        text String, label LowCardinality(String), attributes Map(LowCardinality(String), String),
        sketch Map(Int16, UInt64), times Array(DateTime64(9, 'UTC')), links Array(FixedString(8)),
        names Array(LowCardinality(String)), texts Array(String),
        lists Array(Map(LowCardinality(String), String)), filled UInt8 DEFAULT 7
      ) ENGINE = MergeTree ORDER BY n
      """;

  private static ClickHouse clickHouse;

  @BeforeAll
  static void createTable() {
    Settings settings = servers.settings(Map.of(Keys.CLICKHOUSE_DATABASE, "default"));
    clickHouse = ClickHouse.open(settings);
    clickHouse.execute(Sql.of(TABLE));
  }

  @org.junit.jupiter.api.AfterAll
  static void close() {
    clickHouse.close();
  }

  @Test
  void randomRows_comeBackAsTheyWere_inSlicesToo() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    Kinds kinds = new Kinds();
    kinds.block.check("kinds", clickHouse.columns("kinds"));
    List<Map<String, Object>> wanted = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      kinds.block.clear();
      int rows = 1 + random.nextInt(400);
      for (int i = 0; i < rows; i++) {
        wanted.add(kinds.addRandom(wanted.size(), random));
        if (random.nextInt(10) == 0) {
          kinds.addRandom(-1, random, false);
          kinds.block.dropOpenRow();
        }
      }
      int cut = random.nextInt(rows);
      clickHouse.insertNative("kinds", kinds.block, 0, cut, Map.of());
      clickHouse.insertNative("kinds", kinds.block, cut, rows, Map.of());
    }
    List<GenericRecord> found =
        clickHouse.query(
            Sql.of(
                """
                SELECT n, i8, i16, i32, i64, u8, u16, u64, u128, flag, money, maybe,
                  toInt64(toUnixTimestamp(seconds)) AS seconds,
                  toUnixTimestamp64Milli(millis) AS millis, toUnixTimestamp64Nano(nanos) AS nanos,
                  lower(hex(trace)) AS trace, lower(hex(span)) AS span, toInt8(kind) AS kind,
                  text, toString(label) AS label, toString(attributes) AS attributes,
                  toString(sketch) AS sketch, toString(arrayMap(t -> toUnixTimestamp64Nano(t), times)) AS times,
                  toString(arrayMap(l -> lower(hex(l)), links)) AS links, toString(names) AS names,
                  toString(texts) AS texts, toString(lists) AS lists, filled
                FROM kinds ORDER BY n
                """));
    assertThat(found).as("seed %d", seed).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.size(); i++) {
      GenericRecord row = found.get(i);
      wanted
          .get(i)
          .forEach(
              (column, value) ->
                  assertThat(read(row, column, value))
                      .as("seed %d row %s column %s", seed, row.getString("n"), column)
                      .isEqualTo(value));
      assertThat(row.getInteger("filled")).isEqualTo(7);
    }
  }

  @Test
  void aColumnTheTableLacks_isRefusedByTheServerToo() {
    NativeBlock block = new NativeBlock();
    FixedColumn n = block.uint32("n");
    StringColumn stranger = block.string("stranger");
    n.add(1);
    stranger.add("x");
    block.endRow();
    assertThatThrownBy(() -> clickHouse.insertNative("kinds", block))
        .isInstanceOfSatisfying(
            ClickHouseFailure.class,
            e -> assertThat(e.kind()).isEqualTo(ClickHouseFailure.Kind.SETUP));
  }

  @Test
  void manyDifferentLabels_widenTheIndex() {
    clickHouse.execute(
        Sql.of(
            "CREATE TABLE labels (label LowCardinality(String), n UInt32) ENGINE = MergeTree"
                + " ORDER BY n"));
    NativeBlock block = new NativeBlock();
    LowCardinalityColumn label = block.label("label");
    FixedColumn n = block.uint32("n");
    for (int i = 0; i < 70_000; i++) {
      label.add("label-" + i);
      n.add(i);
      block.endRow();
    }
    clickHouse.insertNative("labels", block);
    assertThat(
            clickHouse.number(
                Sql.of(
                    "SELECT toUInt64(countIf(label = concat('label-', toString(n)))) FROM labels")))
        .isEqualTo(70_000);
  }

  private static Object read(GenericRecord row, String column, Object wanted) {
    if (wanted instanceof Long) {
      return row.getLong(column);
    } else if (wanted instanceof BigInteger) {
      return row.getBigInteger(column);
    } else if (wanted instanceof BigDecimal) {
      return row.getBigDecimal(column);
    } else if (wanted instanceof Boolean) {
      return row.getBoolean(column);
    } else if (wanted.equals("NULL")) {
      return row.hasValue(column) ? row.getString(column) : "NULL";
    }
    return row.getString(column);
  }

  /** One column of each kind we have. */
  private static final class Kinds {
    final NativeBlock block = new NativeBlock();
    final FixedColumn n = block.uint32("n");
    final FixedColumn i8 = block.int8("i8");
    final FixedColumn i16 = block.int16("i16");
    final FixedColumn i32 = block.int32("i32");
    final FixedColumn i64 = block.int64("i64");
    final FixedColumn u8 = block.uint8("u8");
    final FixedColumn u16 = block.uint16("u16");
    final FixedColumn u64 = block.uint64("u64");
    final FixedColumn u128 = block.uint128("u128");
    final FixedColumn flag = block.bool("flag");
    final FixedColumn money = block.money("money");
    final NullableColumn<FixedColumn> maybe = block.nullableMoney("maybe");
    final FixedColumn seconds = block.seconds("seconds");
    final FixedColumn millis = block.millis("millis");
    final FixedColumn nanos = block.nanos("nanos");
    final FixedColumn trace = block.id("trace", 16);
    final FixedColumn span = block.id("span", 8);
    final FixedColumn kind = block.enum8("kind", "Enum8('none' = 0, 'some' = 1)");
    final StringColumn text = block.string("text");
    final LowCardinalityColumn label = block.label("label");
    final MapColumn<LowCardinalityColumn, StringColumn> attributes = block.attributes("attributes");
    final MapColumn<FixedColumn, FixedColumn> sketch = block.sketch("sketch");
    final ArrayColumn<FixedColumn> times = block.nanosList("times");
    final ArrayColumn<FixedColumn> links = block.idList("links", 8);
    final ArrayColumn<LowCardinalityColumn> names = block.labelList("names");
    final ArrayColumn<StringColumn> texts = block.stringList("texts");
    final ArrayColumn<MapColumn<LowCardinalityColumn, StringColumn>> lists =
        block.attributesList("lists");

    Map<String, Object> addRandom(int number, Random random) {
      return addRandom(number, random, true);
    }

    Map<String, Object> addRandom(int number, Random random, boolean end) {
      Map<String, Object> wanted = new java.util.HashMap<>();
      n.add(number);
      wanted.put("i8", put(i8, (byte) random.nextInt()));
      wanted.put("i16", put(i16, (short) random.nextInt()));
      wanted.put("i32", put(i32, random.nextInt()));
      wanted.put("i64", put(i64, random.nextLong()));
      wanted.put("u8", put(u8, random.nextInt(256)));
      wanted.put("u16", put(u16, random.nextInt(65_536)));
      wanted.put("u64", put(u64, random.nextLong() >>> 1));
      long high = random.nextLong();
      long low = random.nextLong();
      u128.add(high, low);
      wanted.put("u128", new BigInteger(Ids.traceId(high, low), 16));
      boolean yes = random.nextBoolean();
      flag.add(yes);
      wanted.put("flag", yes);
      BigInteger pico = BigInteger.valueOf(random.nextLong()).multiply(BigInteger.valueOf(999_983));
      money.add(pico.shiftRight(64).longValue(), pico.longValue());
      wanted.put("money", new BigDecimal(pico, 12));
      if (yes) {
        maybe.addNull();
        wanted.put("maybe", "NULL");
      } else {
        maybe.present().add(-5);
        wanted.put("maybe", new BigDecimal(BigInteger.valueOf(-5), 12));
      }
      wanted.put("seconds", put(seconds, random.nextInt(Integer.MAX_VALUE)));
      wanted.put("millis", put(millis, 1_700_000_000_000L + random.nextInt()));
      wanted.put("nanos", put(nanos, 1_700_000_000_000_000_000L + random.nextInt()));
      trace.addId(high, low);
      wanted.put("trace", Ids.traceId(high, low));
      span.addId(low);
      wanted.put("span", Ids.spanId(low));
      wanted.put("kind", put(kind, random.nextInt(2)));
      String word = word(random);
      text.add(word);
      wanted.put("text", word);
      String name = "label " + random.nextInt(5);
      label.add(name);
      wanted.put("label", name);
      int size = random.nextInt(4);
      List<String> entries = new ArrayList<>();
      List<String> buckets = new ArrayList<>();
      List<String> instants = new ArrayList<>();
      List<String> ids = new ArrayList<>();
      List<String> quoted = new ArrayList<>();
      List<String> maps = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        String value = "v" + random.nextInt(100);
        byte[] key = ("k" + i).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        attributes.keys().add(key, 0, key.length);
        attributes.values().add(value);
        entries.add("'k" + i + "':'" + value + "'");
        long count = random.nextInt(1000);
        sketch.keys().add(i - 40);
        sketch.values().add(count);
        buckets.add((i - 40) + ":" + count);
        times.elements().add(count);
        instants.add("" + count);
        links.elements().addId(count);
        ids.add("'" + Ids.spanId(count) + "'");
        names.elements().add(value);
        texts.elements().add(value);
        quoted.add("'" + value + "'");
        lists.elements().keys().add("only");
        lists.elements().values().add(value);
        lists.elements().endRow();
        maps.add("{'only':'" + value + "'}");
      }
      attributes.endRow();
      sketch.endRow();
      times.endRow();
      links.endRow();
      names.endRow();
      texts.endRow();
      lists.endRow();
      wanted.put("attributes", "{" + String.join(",", entries) + "}");
      wanted.put("sketch", "{" + String.join(",", buckets) + "}");
      wanted.put("times", "[" + String.join(",", instants) + "]");
      wanted.put("links", "[" + String.join(",", ids) + "]");
      wanted.put("names", "[" + String.join(",", quoted) + "]");
      wanted.put("texts", "[" + String.join(",", quoted) + "]");
      wanted.put("lists", "[" + String.join(",", maps) + "]");
      if (end) {
        block.endRow();
      }
      return wanted;
    }

    private static Long put(FixedColumn column, long value) {
      column.add(value);
      return value;
    }

    private static String word(Random random) {
      return random.nextInt(3) == 0 ? "" : "wörd €😀" + random.nextInt() + "\u0000'\\\n";
    }
  }
}
