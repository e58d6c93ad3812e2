/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

/**
 * How far a source partition is visible once the batch is written.
 *
 * @param sinkPartition partition of the sink's topic that told it
 * @param sourceOffset all of the source partition before it is visible
 * @param arrivalMs arrival of the last record before that offset; 0 if none is known
 * @param sinkOffset where the sink goes on in its own topic
 * @param tickMs wall clock of the writer of the marker
 */
record SourceProgress(
    int sinkPartition,
    int sourcePartition,
    long sourceOffset,
    long arrivalMs,
    long sinkOffset,
    long tickMs) {}
