/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;

/**
 * What figures are grouped by: a dimension with a column of its own, or a configured attribute.
 *
 * @param apiName name in the API
 * @param column the last part of the names its values have within a query
 * @param expression its value over {@code calls} and over every rollup table
 * @param folds whether it may be folded into {@code __other__}
 */
public record Key(String apiName, String column, String expression, boolean folds) {
  static Key of(Dimension dimension) {
    return new Key(
        dimension.apiName(),
        dimension.column(),
        "toString(" + dimension.column() + ")",
        dimension.folds());
  }

  /**
   * @param name of a configured attribute, which consists of letters, digits and _
   */
  static Key ofAttribute(String name) {
    return new Key(name, "x_" + name, attribute(name), true);
  }

  static String attribute(String name) {
    return "extra['" + name + "']";
  }
}
