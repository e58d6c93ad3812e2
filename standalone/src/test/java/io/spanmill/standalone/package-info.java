/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of the composition and of the whole. */
@NullMarked
package io.spanmill.standalone;

import org.jspecify.annotations.NullMarked;
