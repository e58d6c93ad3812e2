/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of senders and example traces. */
@NullMarked
package io.spanmill.standalone.traffic;

import org.jspecify.annotations.NullMarked;
