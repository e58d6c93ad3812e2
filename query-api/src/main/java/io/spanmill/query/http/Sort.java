/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.util.List;

/** An order of a list as asked: a name, descending with a leading {@code -}. */
record Sort(String name, boolean descending) {
  /**
   * Parameter {@code sort}, newest first if it is not given.
   *
   * @throws ApiException if the name is not one of these
   */
  static Sort of(Params params, List<String> names) {
    String text = params.text("sort", "-start");
    boolean descending = text.startsWith("-");
    String name = descending ? text.substring(1) : text;
    if (!names.contains(name)) {
      throw ApiException.badParameter(
          "sort",
          "'"
              + text
              + "' is not one of "
              + String.join(", ", names)
              + ", with or without a leading '-'");
    }
    return new Sort(name, descending);
  }

  /** As in the URL. */
  String text() {
    return (descending ? "-" : "") + name;
  }
}
