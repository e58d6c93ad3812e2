/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Calls as they arrive: one reader of the table for all who watch. */
@NullMarked
package io.spanmill.query.live;

import org.jspecify.annotations.NullMarked;
