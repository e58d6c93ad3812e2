/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

/** Where records go that cannot be stored. */
interface DeadLetters {
  /** Sets a record aside, whole as it is in the topic; returns when Kafka has it. */
  void add(String topic, int partition, long offset, String reason);
}
