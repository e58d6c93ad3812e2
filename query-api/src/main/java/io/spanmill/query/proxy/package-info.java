/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Other tools' pages behind the query API: reverse proxies to configured upstreams. */
@NullMarked
package io.spanmill.query.proxy;

import org.jspecify.annotations.NullMarked;
