/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

/** What is said in example traffic; always the same, as nobody meters it. */
final class Texts {
  private static final String QUESTION =
      "Which carrier has the parcel of order 48213, and when will it be at the customer's door?";
  private static final String ANSWER =
      "The shipment left the warehouse on Tuesday and the carrier expects it at the customer's door before noon. ";

  private Texts() {}

  static String question() {
    return "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"" + QUESTION + "\"}]}]";
  }

  static String answer() {
    return "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\""
        + ANSWER
        + ANSWER
        + "\"}],\"finish_reason\":\"stop\"}]";
  }
}
