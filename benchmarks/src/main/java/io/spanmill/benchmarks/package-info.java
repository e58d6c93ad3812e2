/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Measurements: JMH benchmarks of the hot paths, and runs of the whole. */
@NullMarked
package io.spanmill.benchmarks;

import org.jspecify.annotations.NullMarked;
