/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Splits an ExportTraceServiceRequest by trace into requests of one partition each, byte by byte:
 * spans are moved whole, resource and scope with all their fields are repeated around them, nothing
 * is decoded. Two requests laid end to end are one valid request, so chunks of several requests may
 * be joined. A request that goes to one partition untouched is handed back without a copy.
 *
 * <p>Accepts exactly what protobuf-java accepts: nothing undecodable is ever written. Spans with
 * ids no receiver could use are left out; spans over the size limit are cut. Thread-safe.
 */
public final class TraceSplitter {
  /** A scanner's notes of one usual request take some hundred kilobytes, too much to make anew. */
  private final ThreadLocal<RequestScanner> scanners =
      ThreadLocal.withInitial(() -> new RequestScanner(null));

  /**
   * Counts the resource groups, scope groups and spans of a request, without looking into spans:
   * one that has too many can be refused before anything is kept of it. Two bytes make a group,
   * which costs twenty times that to note.
   *
   * @throws MalformedOtlpException if the messages around the spans make no sense; that the spans
   *     do is for {@link #split} to find out
   */
  public Parts count(byte[] body, int offset, int length) throws MalformedOtlpException {
    int[] byDepth = new int[3];
    count(body, offset, offset + length, Tags.REQUEST_RESOURCE_SPANS, 0, byDepth);
    return new Parts(byDepth[0] + byDepth[1], byDepth[2]);
  }

  /**
   * What a request consists of.
   *
   * @param groups resource and scope groups
   * @param spans spans, valid or not
   */
  public record Parts(int groups, int spans) {}

  private static void count(
      byte[] b, int from, int end, int tagOfChildren, int depth, int[] byDepth)
      throws MalformedOtlpException {
    for (int p = from; p < end; ) {
      int n = Wire.varintLength(b, p, end);
      int tag = Wire.tag(b, p, n);
      int value = p + n;
      p = Wire.skip(b, value, end, tag, depth);
      if (tag == tagOfChildren) {
        byDepth[depth]++;
        if (depth < 2) {
          int content = value + Wire.varintLength(b, value, p);
          int next = depth == 0 ? Tags.RESOURCE_SPANS_SCOPE_SPANS : Tags.SCOPE_SPANS_SPANS;
          count(b, content, p, next, depth + 1, byDepth);
        }
      }
    }
  }

  /**
   * Splits.
   *
   * @throws MalformedOtlpException if the bytes are no request; then nothing of it is taken
   */
  public SplitResult split(byte[] body, int offset, int length, int partitions, SplitLimits limits)
      throws MalformedOtlpException {
    if (partitions < 1) {
      throw new IllegalArgumentException("partitions must be 1 or more, is " + partitions);
    }
    RequestScanner scan = scanners.get();
    try {
      scan.scan(body, offset, length);
      return new Split(scan, partitions, limits).run(body, offset, length);
    } finally {
      scan.release();
    }
  }
}
