/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Horizontal bars as SVG: a title, a unit, a bar a figure. Not thread-safe. */
final class BarChart {
  private static final int WIDTH = 720;
  private static final int LABEL_WIDTH = 240;
  private static final int BAR_HEIGHT = 22;
  private static final int ROW_HEIGHT = 32;
  private static final int TOP = 52;
  private static final String OURS = "#2f6fde";
  private static final String OTHERS = "#9aa3af";

  private record Bar(String label, double value, boolean ours) {}

  private final String title;
  private final String unit;
  private final List<Bar> bars = new ArrayList<>();

  BarChart(String title, String unit) {
    this.title = title;
    this.unit = unit;
  }

  /**
   * Adds a bar.
   *
   * @param ours whether it is Spanmill's, which is drawn in colour
   */
  BarChart add(String label, double value, boolean ours) {
    bars.add(new Bar(label, value, ours));
    return this;
  }

  boolean isEmpty() {
    return bars.isEmpty();
  }

  String svg() {
    double most = bars.stream().mapToDouble(Bar::value).max().orElse(1);
    int height = TOP + bars.size() * ROW_HEIGHT + 12;
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"system-ui, sans-serif\" font-size=\"13\" role=\"img\" aria-label=\"%s\">%n",
            WIDTH,
            height,
            WIDTH,
            height,
            escaped(title)));
    out.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    out.append(
        String.format(
            "<text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"600\" fill=\"#111827\">%s</text>%n",
            escaped(title)));
    out.append(
        String.format(
            "<text x=\"12\" y=\"42\" font-size=\"12\" fill=\"#6b7280\">%s</text>%n",
            escaped(unit)));
    for (int i = 0; i < bars.size(); i++) {
      Bar bar = bars.get(i);
      int y = TOP + i * ROW_HEIGHT;
      double width = Math.max(1, bar.value() / most * (WIDTH - LABEL_WIDTH - 90));
      out.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#374151\">%s</text>%n",
              LABEL_WIDTH - 8,
              y + 16,
              escaped(bar.label())));
      out.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>%n",
              LABEL_WIDTH,
              y,
              width,
              BAR_HEIGHT,
              bar.ours() ? OURS : OTHERS));
      out.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" fill=\"#111827\">%s</text>%n",
              LABEL_WIDTH + width + 6,
              y + 16,
              number(bar.value())));
    }
    return out.append("</svg>\n").toString();
  }

  private static String number(double value) {
    return value >= 100
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.2f", value);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
