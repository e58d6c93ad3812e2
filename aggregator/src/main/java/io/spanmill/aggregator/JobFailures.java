/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens when a stream thread dies: trouble with Kafka gets a new thread, which goes on from
 * the last transaction; anything else is a fault that would come again, and stops the job with a
 * clear word.
 */
final class JobFailures implements StreamsUncaughtExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(JobFailures.class);

  @Override
  public StreamThreadExceptionResponse handle(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    boolean ofKafka =
        root instanceof KafkaException && !(root.getClass().equals(StreamsException.class));
    if (ofKafka) {
      LOG.warn("stream thread ended by {}; a new one takes over", root.toString());
      return StreamThreadExceptionResponse.REPLACE_THREAD;
    }
    LOG.error("the rollup job stops: {}", root.getMessage(), failure);
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }
}
