/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Records set aside: listing, showing, sending them on their way again. */
@NullMarked
package io.spanmill.aggregator.deadletter;

import org.jspecify.annotations.NullMarked;
