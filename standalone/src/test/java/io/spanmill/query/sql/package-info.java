/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Parts of the query API that read ClickHouse, against a real one. */
@NullMarked
package io.spanmill.query.sql;

import org.jspecify.annotations.NullMarked;
