/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The Kafka Streams job: configuration to topology, without input or output of its own. */
@NullMarked
package io.spanmill.aggregator.topology;

import org.jspecify.annotations.NullMarked;
