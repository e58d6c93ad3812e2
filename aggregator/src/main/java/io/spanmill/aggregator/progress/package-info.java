/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** How far the job is: source end offsets, what the topics and the tables say of each other. */
@NullMarked
package io.spanmill.aggregator.progress;

import org.jspecify.annotations.NullMarked;
