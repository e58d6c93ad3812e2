/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Order of texts as ClickHouse sorts them: by their bytes in UTF-8. */
final class Utf8Order {
  private Utf8Order() {}

  static int compare(String a, String b) {
    return Arrays.compareUnsigned(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }
}
