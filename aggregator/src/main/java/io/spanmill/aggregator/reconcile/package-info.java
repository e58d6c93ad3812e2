/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Proves that rollups equal the calls and the calls equal the raw spans. */
@NullMarked
package io.spanmill.aggregator.reconcile;

import org.jspecify.annotations.NullMarked;
