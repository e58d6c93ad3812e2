/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.bridge;

/** What one transaction of the bridge read and wrote. Counted for good only once it committed. */
final class BridgeCounts {
  long forwardedRecords;
  long deadRecords;
  long producedSpans;
  long rejectedSpans;
  long cutSpans;
}
