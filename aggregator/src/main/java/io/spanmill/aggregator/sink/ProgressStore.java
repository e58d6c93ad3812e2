/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import java.util.Collection;
import java.util.Map;

/** Where progress is kept beside the data. */
interface ProgressStore {
  /** Replaces what was known of these partitions. */
  void write(String kind, Collection<SourceProgress> progress);

  /** Where each sink partition that ever wrote goes on in its topic. */
  Map<Integer, Long> sinkOffsets(String kind);
}
