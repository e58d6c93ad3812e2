/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

/**
 * The topics are not those that state or tables were made from: going on would count what was
 * counted before, or miss what is new. The message says what to do.
 */
public final class SourceReplacedException extends RuntimeException {
  public SourceReplacedException(String message) {
    super(message);
  }
}
