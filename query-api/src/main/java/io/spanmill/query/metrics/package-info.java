/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Prometheus metrics from the ledger. */
@NullMarked
package io.spanmill.query.metrics;

import org.jspecify.annotations.NullMarked;
