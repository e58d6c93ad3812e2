/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a query string that cannot be read to the letter: the server would put other characters
 * in the place of what it cannot read, and answer something that was not asked.
 */
final class QueryText {
  private QueryText() {}

  /**
   * @throws ApiException 400 naming the parameter
   */
  static void check(Context http) {
    String query = http.queryString();
    if (query == null || query.indexOf('%') < 0) {
      return;
    }
    for (String part : query.split("&")) {
      String why = fault(part);
      if (why != null) {
        String name = part.split("=", 2)[0];
        throw new ApiException(
            400,
            "bad_encoding",
            "parameter " + name + " " + why,
            fault(name) == null ? name : null);
      }
    }
  }

  private static @Nullable String fault(String part) {
    byte[] bytes = new byte[part.length()];
    int n = 0;
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      if (c != '%') {
        bytes[n++] = (byte) (c < 128 ? c : 'x');
        continue;
      }
      boolean whole = i + 2 < part.length();
      int high = whole ? Character.digit(part.charAt(i + 1), 16) : -1;
      int low = whole ? Character.digit(part.charAt(i + 2), 16) : -1;
      if (high < 0 || low < 0) {
        return "has a % that two hex digits do not follow: write %25 for the sign itself";
      }
      bytes[n++] = (byte) (high * 16 + low);
      i += 2;
    }
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes, 0, n));
      return null;
    } catch (CharacterCodingException e) {
      return "is no UTF-8: encode its characters as UTF-8 before the % signs";
    }
  }
}
