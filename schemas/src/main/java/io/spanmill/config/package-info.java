/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Settings: one definition a key, all problems told at once. */
@NullMarked
package io.spanmill.config;

import org.jspecify.annotations.NullMarked;
