/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The aggregator on real servers. */
@NullMarked
package io.spanmill.aggregator;

import org.jspecify.annotations.NullMarked;
