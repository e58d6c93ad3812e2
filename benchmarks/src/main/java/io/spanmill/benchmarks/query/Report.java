/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks.query;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes what was measured as Markdown and as a picture. */
final class Report {
  private static final int BAR_HEIGHT = 18;
  private static final int LABEL_WIDTH = 260;
  private static final int PLOT_WIDTH = 520;

  private Report() {}

  static String endpoints(List<Measured> measured, long callsRead, ClickHouse clickHouse) {
    StringBuilder out = new StringBuilder();
    out.append("| Question | Runs | p50 ms | p95 ms | Bar | Rows read | MB read | Answer kB |\n");
    out.append("|---|---:|---:|---:|---:|---:|---:|---:|\n");
    measured.forEach(m -> out.append(row(m)));
    Measured overview = measured.get(0);
    out.append(
        String.format(
            Locale.ROOT,
            "%nThe overview of 30 days reads %,d rows, 1/%.0f of the %,d rows of `calls`.%n%n",
            overview.rowsRead(),
            (double) callsRead / Math.max(1, overview.rowsRead()),
            callsRead));
    out.append("| Table | Rows | MB on disk |\n|---|---:|---:|\n");
    clickHouse.forEach(
        Sql.of(
            "SELECT table, toUInt64(sum(rows)) AS n, toUInt64(sum(bytes_on_disk)) AS b FROM system.parts"
                + " WHERE active AND database = currentDatabase() GROUP BY table HAVING n > 1000"
                + " ORDER BY table"),
        row ->
            out.append(
                String.format(
                    Locale.ROOT,
                    "| %s | %,d | %.0f |%n",
                    row.getString("table"),
                    row.getBigInteger("n").longValue(),
                    row.getBigInteger("b").longValue() / 1e6)));
    return out.toString();
  }

  /** What this process holds: the query API with all that it keeps, and the client beside it. */
  static String memory() throws IOException {
    long residentKib = 0;
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        residentKib = Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    System.gc();
    Runtime heap = Runtime.getRuntime();
    return String.format(
        Locale.ROOT,
        "%nThe query API with what it keeps after all questions, and their client: at most %d MiB resident,"
            + " %d MiB of it live heap.%n",
        residentKib / 1024,
        (heap.totalMemory() - heap.freeMemory()) >> 20);
  }

  static String row(Measured m) {
    String bar =
        m.asked().barMs() == 0 ? "" : m.asked().barMs() + (m.missed() ? " **missed**" : "");
    if (!m.refused().isEmpty()) {
      return "| " + m.asked().name() + " | | " + m.refused() + " | | " + bar + " | | | |\n";
    }
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.0f | %.0f | %s | %,d | %.1f | %.1f |%n",
        m.asked().name(),
        m.runs(),
        m.p50Ms(),
        m.p95Ms(),
        bar,
        m.rowsRead(),
        m.bytesRead() / 1e6,
        m.answerBytes() / 1e3);
  }

  /** Bars of the 95th percentiles on a logarithmic scale, bars to keep as marks. */
  static String plot(List<Measured> measured) {
    int height = measured.size() * BAR_HEIGHT + 40;
    StringBuilder svg = new StringBuilder();
    svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"")
        .append(LABEL_WIDTH + PLOT_WIDTH + 80)
        .append("\" height=\"")
        .append(height)
        .append("\" font-family=\"sans-serif\" font-size=\"11\">\n")
        .append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    for (int ms = 1; ms <= 10_000; ms *= 10) {
      int x = x(ms);
      svg.append("<line x1=\"" + x + "\" x2=\"" + x + "\" y1=\"20\" y2=\"" + (height - 16))
          .append("\" stroke=\"#ddd\"/><text x=\"" + x + "\" y=\"14\" text-anchor=\"middle\">")
          .append(ms + " ms</text>\n");
    }
    int y = 24;
    for (Measured m : measured) {
      boolean missed = m.missed();
      svg.append(
              "<text x=\"" + (LABEL_WIDTH - 6) + "\" y=\"" + (y + 11) + "\" text-anchor=\"end\">")
          .append(m.asked().name().replace("&", "&amp;").replace("<", "&lt;"))
          .append(
              "</text><rect x=\"" + LABEL_WIDTH + "\" y=\"" + (y + 2) + "\" height=\"11\" width=\"")
          .append(Math.max(1, x(m.p95Ms()) - LABEL_WIDTH))
          .append("\" fill=\"" + (missed ? "#c0392b" : "#2c7fb8") + "\"/>");
      svg.append("<text x=\"" + (x(m.p95Ms()) + 4) + "\" y=\"" + (y + 11) + "\">")
          .append(String.format(Locale.ROOT, "%.0f", m.p95Ms()))
          .append("</text>");
      if (m.asked().barMs() > 0) {
        int x = x(m.asked().barMs());
        svg.append("<line x1=\"" + x + "\" x2=\"" + x + "\" y1=\"" + y + "\" y2=\"" + (y + 15))
            .append("\" stroke=\"#333\" stroke-width=\"2\"/>");
      }
      svg.append('\n');
      y += BAR_HEIGHT;
    }
    return svg.append("</svg>\n").toString();
  }

  private static int x(double ms) {
    return LABEL_WIDTH + (int) (Math.log10(Math.max(1, ms)) / 4 * PLOT_WIDTH);
  }
}
