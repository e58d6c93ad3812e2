/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Prices calls anew and writes what that changes beside what was metered. */
@NullMarked
package io.spanmill.aggregator.reprice;

import org.jspecify.annotations.NullMarked;
