/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Recognises spans and calls that were counted before; knows nothing of Streams. */
@NullMarked
package io.spanmill.aggregator.dedup;

import org.jspecify.annotations.NullMarked;
