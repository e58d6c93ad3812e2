/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.model.WindowKind;

/**
 * What the cardinality guard folded in one window: calls whose value of a dimension came too late
 * to be admitted.
 *
 * @param dimension name in the API; {@link CardinalityGuard#SERIES} if the window had too many
 *     series
 * @param calls calls that count under {@code __other__} instead
 */
public record Folded(
    String cube, String project, WindowKind window, long startMs, String dimension, long calls) {}
