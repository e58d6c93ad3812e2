/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Packs chunks into records and waits for Kafka's acknowledgement. */
@NullMarked
package io.spanmill.ingest.publish;

import org.jspecify.annotations.NullMarked;
