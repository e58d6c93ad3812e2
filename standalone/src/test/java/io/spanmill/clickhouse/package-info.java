/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of the ClickHouse access against a real server. */
@NullMarked
package io.spanmill.clickhouse;

import org.jspecify.annotations.NullMarked;
