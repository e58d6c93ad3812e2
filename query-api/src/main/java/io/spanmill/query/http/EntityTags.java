/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tags of answers, by which one that the asker has already is not sent again. Up to when an answer
 * is complete moves on all the time while its figures stay, so it is no part of the tag: it is told
 * in a header as well, which comes with 304 too. What was kept says an earlier time, never one too
 * late.
 */
final class EntityTags {
  static final String COMPLETE_THROUGH = "X-Spanmill-Complete-Through";
  private static final String MOVING = "completeThrough";
  private static final int HASH_BYTES = 12;

  /** One tag of a list; what stands before its quotes says only how exact it is. */
  private static final Pattern TAG = Pattern.compile("\"[^\"]*\"");

  private EntityTags() {}

  /** Weak: it is the same whether the answer is sent compressed or not. */
  static String of(Object answer, byte[] written) {
    byte[] figures = written;
    if (answer instanceof Map<?, ?> map && map.containsKey(MOVING)) {
      Map<Object, @Nullable Object> still = new LinkedHashMap<>(map);
      still.remove(MOVING);
      figures = Json.bytes(still);
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(figures);
      return "W/\"" + HexFormat.of().formatHex(hash, 0, HASH_BYTES) + "\"";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Up to when the answer is complete, or null if it does not say. */
  static @Nullable String completeThrough(Object answer) {
    return answer instanceof Map<?, ?> map && map.get(MOVING) instanceof String s ? s : null;
  }

  /** Whether the asker has what this tag stands for. */
  static boolean known(Context http, String tag) {
    String asked = http.header("If-None-Match");
    if (asked == null) {
      return false;
    }
    if (asked.trim().equals("*")) {
      return true;
    }
    String wanted = tag.startsWith("W/") ? tag.substring(2) : tag;
    Matcher m = TAG.matcher(asked);
    while (m.find()) {
      if (m.group().equals(wanted)) {
        return true;
      }
    }
    return false;
  }
}
