/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Dated prices and exact cost. */
@NullMarked
package io.spanmill.pricing;

import org.jspecify.annotations.NullMarked;
