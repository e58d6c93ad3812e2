/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Reconcile and reprice on real servers. */
@NullMarked
package io.spanmill.aggregator.reconcile;

import org.jspecify.annotations.NullMarked;
