/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Folds the calls into a new edition of the rollups while the job goes on. */
@NullMarked
package io.spanmill.aggregator.rebuild;

import org.jspecify.annotations.NullMarked;
