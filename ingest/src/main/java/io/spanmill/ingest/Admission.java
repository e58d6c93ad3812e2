/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds what is being served at one time: requests, bytes, and the bytes one project may hold
 * while others send. Thread-safe.
 */
final class Admission {
  private final long maxBytes;
  private final int maxRequests;
  private final double projectShare;
  private final Map<String, Long> byProject = new ConcurrentHashMap<>();
  private long bytes;
  private int requests;

  Admission(long maxBytes, int maxRequests, double projectShare) {
    this.maxBytes = maxBytes;
    this.maxRequests = maxRequests;
    this.projectShare = projectShare;
  }

  /** Takes room, or none; what was taken must be given back by {@link #release}. */
  synchronized boolean admit(String project, long size) {
    long held = byProject.getOrDefault(project, 0L);
    boolean othersSend = bytes > held;
    long share = othersSend ? (long) (maxBytes * projectShare) : maxBytes;
    // One request is always let in, however large, as its own size has a limit of its own.
    if (requests >= maxRequests
        || (requests > 0 && bytes + size > maxBytes)
        || (held > 0 && held + size > share)) {
      return false;
    }
    requests++;
    bytes += size;
    byProject.put(project, held + size);
    return true;
  }

  synchronized void release(String project, long size) {
    requests--;
    bytes -= size;
    byProject.computeIfPresent(project, (p, held) -> held - size <= 0 ? null : held - size);
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized int requests() {
    return requests;
  }
}
