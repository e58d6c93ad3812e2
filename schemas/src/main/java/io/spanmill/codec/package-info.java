/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Versioned formats of topic records and state. */
@NullMarked
package io.spanmill.codec;

import org.jspecify.annotations.NullMarked;
