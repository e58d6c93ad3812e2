/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The query API as one service: what it is made of and its life. */
@NullMarked
package io.spanmill.query;

import org.jspecify.annotations.NullMarked;
