/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Questions, the way they take through cubes and windows, and their SQL. */
@NullMarked
package io.spanmill.query.sql;

import org.jspecify.annotations.NullMarked;
