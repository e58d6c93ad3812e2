/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import org.jspecify.annotations.Nullable;

/**
 * What became of the chunks of one request.
 *
 * @param acknowledgedSpans spans whose record Kafka has acknowledged
 * @param failedSpans spans whose record it has not
 * @param failure why not; null if all were acknowledged
 */
public record Publication(long acknowledgedSpans, long failedSpans, @Nullable Throwable failure) {}
