/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** OTLP/HTTP, health and metrics. */
@NullMarked
package io.spanmill.ingest.http;

import org.jspecify.annotations.NullMarked;
