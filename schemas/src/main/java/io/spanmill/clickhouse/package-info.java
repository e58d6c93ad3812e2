/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Access to ClickHouse: client, migrations, Native blocks, retry table. */
@NullMarked
package io.spanmill.clickhouse;

import org.jspecify.annotations.NullMarked;
