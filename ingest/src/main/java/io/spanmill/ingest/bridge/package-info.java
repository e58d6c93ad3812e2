/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Takes over topics that a Collector's kafkaexporter fills, exactly once. */
@NullMarked
package io.spanmill.ingest.bridge;

import org.jspecify.annotations.NullMarked;
