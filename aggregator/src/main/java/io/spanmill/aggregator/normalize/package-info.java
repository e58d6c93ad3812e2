/*
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * From spans of any dialect to {@link io.spanmill.model.NormalizedSpan}: what a span is, what it
 * used, what it cost by its sender's word, why it failed. The tables are told in {@code
 * docs/normalisation.md}.
 */
@NullMarked
package io.spanmill.aggregator.normalize;

import org.jspecify.annotations.NullMarked;
