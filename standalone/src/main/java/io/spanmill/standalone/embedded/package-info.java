/*
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A real Kafka broker and a real ClickHouse server, started by this process and ended with it, on
 * loopback only.
 */
@NullMarked
package io.spanmill.standalone.embedded;

import org.jspecify.annotations.NullMarked;
