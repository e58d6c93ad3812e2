/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** What both protocols share: admission, bounded bodies, outcomes, counters. */
@NullMarked
package io.spanmill.ingest.receive;

import org.jspecify.annotations.NullMarked;
