/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;

/** Where the record in hand comes from. */
final class InputCoordinates {
  private InputCoordinates() {}

  /**
   * The coordinates; from then on Streams itself no longer holds the record's bytes.
   *
   * <p>Streams keeps them for handlers that write dead letters, which this job does by itself, and
   * every entry of a store's cache takes them along: an entry of a hundred bytes then holds a
   * record of a hundred thousand for as long as it is cached, and the cache counts only the
   * hundred.
   *
   * @throws IllegalStateException outside of a record
   */
  static RecordMetadata take(ProcessingContext context) {
    RecordMetadata at =
        context
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("record without coordinates"));
    if (at instanceof ProcessorRecordContext record) {
      record.freeRawRecord();
    }
    return at;
  }
}
