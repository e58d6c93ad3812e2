/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.Context;
import io.spanmill.query.sql.Database;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Answers as tables: the same rows that JSON has, all pages of them up to {@code export.max.rows},
 * written while they are read. CSV is RFC 4180 with text that a spreadsheet would run as a formula
 * led by an apostrophe; Parquet is written by ClickHouse. Money is decimal, no value is empty.
 */
final class Export {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  /** Header, or trailer where rows are sent before the end is known: rows were left out. */
  static final String TRUNCATED = "X-Spanmill-Truncated";

  private final Database database;
  private final JsonNode schemas;
  private final int maxRows;
  private final Clock clock;

  Export(Database database, JsonNode schemas, int maxRows, Clock clock) {
    this.database = database;
    this.schemas = schemas;
    this.maxRows = maxRows;
    this.clock = clock;
  }

  /** The format asked for: by parameter, else by {@code Accept}. */
  static String format(Context http, Params params) {
    if (params.has("format")) {
      return params.choice("format", List.of("json", "csv", "parquet"));
    }
    String accept = http.header("Accept");
    return accept == null
        ? "json"
        : accept.startsWith("text/csv")
            ? "csv"
            : accept.startsWith("application/vnd.apache.parquet") ? "parquet" : "json";
  }

  void write(Context http, Endpoint endpoint, Asked asked, String format) throws IOException {
    Pages pages = new Pages(endpoint, asked);
    // The first page is read before anything is sent: its failure is still an answer.
    List<List<@Nullable Object>> first = pages.next();
    String name = endpoint.path().replaceAll("^/api/v1/|\\{.*|/$", "").replace('/', '-');
    String file = "spanmill-" + name + "-" + STAMP.format(Instant.ofEpochMilli(clock.millis()));
    http.header("Cache-Control", "no-store");
    http.header(
        "Content-Disposition",
        "attachment; filename=\"" + file + "." + (format.equals("csv") ? "csv" : "parquet") + "\"");
    if (format.equals("csv")) {
      csv(http, pages, first);
    } else {
      parquet(http, pages, first);
    }
  }

  private static void csv(Context http, Pages pages, List<List<@Nullable Object>> first)
      throws IOException {
    http.contentType("text/csv; charset=utf-8; header=present");
    http.res().setHeader("Trailer", TRUNCATED);
    http.res().setTrailerFields(() -> Map.of(TRUNCATED, Boolean.toString(pages.truncated)));
    OutputStream out = http.outputStream();
    StringBuilder text = new StringBuilder();
    line(text, new ArrayList<>(pages.columns.types().keySet()));
    for (List<List<@Nullable Object>> page = first; page != null; page = pages.nextOrNull()) {
      page.forEach(row -> line(text, row));
      out.write(text.toString().getBytes(StandardCharsets.UTF_8));
      text.setLength(0);
    }
  }

  static void line(StringBuilder out, List<@Nullable Object> values) {
    String comma = "";
    for (Object value : values) {
      out.append(comma).append(cell(value));
      comma = ",";
    }
    out.append("\r\n");
  }

  private static String cell(@Nullable Object value) {
    if (value == null) {
      return "";
    }
    String text = value.toString();
    boolean number = value instanceof Number || text.matches("-?\\d+(\\.\\d+)?");
    if (!number && !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0) {
      text = "'" + text;
    }
    return text.matches("(?s).*[\",\r\n].*") || !text.equals(text.strip())
        ? "\"" + text.replace("\"", "\"\"") + "\""
        : text;
  }

  private void parquet(Context http, Pages pages, List<List<@Nullable Object>> first)
      throws IOException {
    List<String> names = List.copyOf(pages.columns.types().keySet());
    Iterator<InputStream> rest =
        new Iterator<>() {
          private @Nullable List<List<@Nullable Object>> page = first;

          @Override
          public boolean hasNext() {
            return page != null;
          }

          @Override
          public InputStream next() {
            List<List<@Nullable Object>> rows = page;
            if (rows == null) {
              throw new NoSuchElementException();
            }
            page = pages.nextOrNull();
            return new ByteArrayInputStream(lines(names, rows));
          }
        };
    try (InputStream parquet =
        database.convert(pages.columns.structure(), new Parts(rest), "Parquet")) {
      // ClickHouse has read all rows by now.
      if (pages.truncated) {
        http.header(TRUNCATED, "true");
      }
      http.contentType("application/vnd.apache.parquet");
      parquet.transferTo(http.res().getOutputStream());
    }
  }

  /** One stream after another, each made when the one before is at its end. */
  private static final class Parts extends InputStream {
    private final Iterator<InputStream> parts;
    private InputStream part = InputStream.nullInputStream();

    Parts(Iterator<InputStream> parts) {
      this.parts = parts;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int from, int length) throws IOException {
      int n = part.read(to, from, length);
      while (n < 0 && parts.hasNext()) {
        part = parts.next();
        n = part.read(to, from, length);
      }
      return n;
    }
  }

  private static byte[] lines(List<String> names, List<List<@Nullable Object>> rows) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(64 * 1024);
    for (List<@Nullable Object> row : rows) {
      Map<String, @Nullable Object> line = object();
      for (int i = 0; i < names.size(); i++) {
        line.put(names.get(i), row.get(i));
      }
      out.writeBytes(Json.bytes(line));
      out.write('\n');
    }
    return out.toByteArray();
  }

  /** The pages of an answer, as rows of a table. */
  private final class Pages {
    private final Endpoint endpoint;
    private final Asked asked;
    private final String field;
    private final int wanted;
    private Params params;
    private boolean more = true;
    private int count;
    TableColumns columns = new TableColumns(Map.of());
    volatile boolean truncated;

    Pages(Endpoint endpoint, Asked asked) {
      this.endpoint = endpoint;
      this.asked = asked;
      this.field = Objects.requireNonNull(endpoint.exports());
      int most = Math.min(maxRows, endpoint.pages() ? maxRows : Math.max(1, endpoint.maxRows()));
      this.wanted =
          endpoint.maxRows() == 0 ? maxRows : asked.params().integer("limit", most, 1, most);
      this.params =
          endpoint.maxRows() == 0
              ? asked.params()
              : asked
                  .params()
                  .with("limit", Integer.toString(Math.min(wanted, endpoint.maxRows())));
    }

    @Nullable List<List<@Nullable Object>> nextOrNull() {
      return more ? next() : null;
    }

    List<List<@Nullable Object>> next() {
      Map<?, ?> answer =
          (Map<?, ?>) endpoint.answer(new Asked(asked.http(), asked.caller(), params));
      List<Map<?, ?>> rows = rows(answer);
      if (columns.types().isEmpty()) {
        columns = columns(answer);
      }
      Object cursor = endpoint.pages() ? answer.get("nextCursor") : null;
      int room = wanted - count;
      // What a limit asks for is all that was asked for.
      truncated = !asked.params().has("limit") && (rows.size() > room || cursor != null);
      count += Math.min(room, rows.size());
      more = cursor != null && count < wanted;
      if (more) {
        params =
            params
                .with("cursor", String.valueOf(cursor))
                .with("limit", Integer.toString(Math.min(wanted - count, endpoint.maxRows())));
      }
      return rows.stream().limit(room).map(columns::values).collect(Collectors.toList());
    }

    private TableColumns columns(Map<?, ?> answer) {
      List<String> keys =
          answer.get("groupBy") instanceof List<?> g
              ? g.stream().map(String::valueOf).toList()
              : params.parts("groupBy");
      return switch (field) {
        case "series" -> {
          Map<String, @Nullable Object> types = object();
          keys.forEach(k -> types.put("key." + k, "String"));
          types.put("t", "String");
          boolean money = String.valueOf(answer.get("metric")).startsWith("cost");
          types.put("value", money ? "Decimal(38, 12)" : "Float64");
          yield new TableColumns(texts(types));
        }
        case "columns" ->
            new TableColumns(texts(object("t", "String", "upToMs", "Float64", "count", "Int64")));
        default ->
            TableColumns.of(schemas, String.valueOf(endpoint.describes().schema()), field, keys);
      };
    }

    private static Map<String, String> texts(Map<String, @Nullable Object> types) {
      Map<String, String> out = new LinkedHashMap<>();
      types.forEach((k, v) -> out.put(k, String.valueOf(v)));
      return out;
    }

    private List<Map<?, ?>> rows(Map<?, ?> answer) {
      List<Map<?, ?>> out = new ArrayList<>();
      for (Object row : (List<?>) Objects.requireNonNull(answer.get(field))) {
        Map<?, ?> map = (Map<?, ?>) row;
        switch (field) {
          case "series" -> {
            for (Object point : (List<?>) Objects.requireNonNull(map.get("points"))) {
              List<?> p = (List<?>) point;
              out.add(
                  object("key", map.get("key"), "t", Json.iso((Long) p.get(0)), "value", p.get(1)));
            }
          }
          case "columns" -> {
            List<?> buckets = (List<?>) Objects.requireNonNull(answer.get("buckets"));
            List<?> counts = (List<?>) Objects.requireNonNull(map.get("counts"));
            for (int i = 0; i < buckets.size(); i++) {
              out.add(
                  object(
                      "t", Json.iso((Long) map.get("t")),
                      "upToMs", buckets.get(i),
                      "count", counts.get(i)));
            }
          }
          default -> out.add(map);
        }
      }
      return out;
    }
  }
}
