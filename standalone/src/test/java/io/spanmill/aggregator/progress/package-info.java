/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** What topics and tables say of each other, on real servers. */
@NullMarked
package io.spanmill.aggregator.progress;

import org.jspecify.annotations.NullMarked;
