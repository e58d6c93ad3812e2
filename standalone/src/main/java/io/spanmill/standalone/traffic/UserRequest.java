/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import io.spanmill.model.ErrorClass;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request of a user for an answer: who asks, and the attempts it takes, in order. Without
 * attempts the proxy turned it away, or answered from its cache without telling of a call.
 */
final class UserRequest {
  /** Between two attempts; longer than what could be taken for one instant. */
  static final long PAUSE_NANOS = 40_000_000L;

  /** What a proxy does before the first attempt and after the last. */
  static final long BEFORE_NANOS = 16_000_000L;

  static final long AFTER_NANOS = 4_000_000L;

  private static final String[] TEAMS = {
    "checkout", "search", "support", "research", "growth", "risk", "mobile", "data"
  };
  private static final String[] KEYS = {"web", "batch", "assistant"};
  private static final int USERS = 400;

  final String team;
  final String apiKey;
  final String user;
  final boolean embedding;
  final String callId;
  final List<Attempt> attempts = new ArrayList<>();

  /** Why the proxy asked no model at all; null if it did. */
  final @Nullable TrafficFailure turnedAway;

  private UserRequest(Dice dice, boolean embedding, @Nullable TrafficFailure turnedAway) {
    // A user is of one team, so the most active ones make their teams the largest.
    int number = dice.zipf(USERS);
    this.user = "user-" + number;
    this.team = TEAMS[number % TEAMS.length];
    this.apiKey = team + "-" + KEYS[dice.zipf(KEYS.length)];
    this.embedding = embedding;
    this.callId = dice.uuid();
    this.turnedAway = turnedAway;
  }

  static UserRequest turnedAway(Dice dice) {
    return new UserRequest(
        dice, false, dice.percent(60) ? TrafficFailure.BUDGET : TrafficFailure.AUTH);
  }

  static UserRequest embedding(Dice dice) {
    UserRequest request = new UserRequest(dice, true, null);
    request.attempts.add(Attempt.succeeding(TrafficModel.EMBEDDING, false, dice));
    return request;
  }

  /** A chat that works at once, after a retry, with another model, or not at all. */
  static UserRequest chat(Dice dice) {
    UserRequest request = new UserRequest(dice, false, null);
    boolean streaming = dice.percent(55);
    TrafficModel model = drawModel(dice);
    if (dice.percent(5)) {
      request.attempts.add(Attempt.fromCache(model, streaming, dice));
      return request;
    }
    while (dice.percent(6)) {
      TrafficFailure failure = TrafficFailure.draw(dice);
      request.attempts.add(Attempt.failing(model, failure, streaming, dice));
      if (!failure.worthRetrying() || request.attempts.size() == 3 || dice.percent(15)) {
        return request;
      }
      if (dice.percent(40)) {
        model = drawModel(dice);
      }
    }
    request.attempts.add(Attempt.succeeding(model, streaming, dice));
    return request;
  }

  /** A chat without a proxy: one attempt, and its sender retries nothing. */
  static UserRequest straight(Dice dice) {
    UserRequest request = new UserRequest(dice, false, null);
    boolean streaming = dice.percent(55);
    TrafficModel model = drawModel(dice);
    request.attempts.add(
        dice.percent(4)
            ? Attempt.failing(model, TrafficFailure.draw(dice), streaming, dice)
            : Attempt.succeeding(model, streaming, dice));
    return request;
  }

  private static TrafficModel drawModel(Dice dice) {
    return TrafficModel.CHAT.get(dice.zipf(TrafficModel.CHAT.size()));
  }

  @Nullable TrafficFailure failure() {
    return attempts.isEmpty() ? turnedAway : last().failure;
  }

  ErrorClass errorClass() {
    TrafficFailure failure = failure();
    return failure == null ? ErrorClass.NONE : failure.errorClass;
  }

  /** What a proxy tells of the key itself. */
  String apiKeyHash() {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(apiKey.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  Attempt last() {
    return attempts.get(attempts.size() - 1);
  }

  long lengthNanos() {
    long length = BEFORE_NANOS + AFTER_NANOS;
    for (Attempt attempt : attempts) {
      length += attempt.lengthNanos;
    }
    return length + PAUSE_NANOS * Math.max(0, attempts.size() - 1);
  }
}
