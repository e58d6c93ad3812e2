/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** OTLP/gRPC on raw bytes. */
@NullMarked
package io.spanmill.ingest.grpc;

import org.jspecify.annotations.NullMarked;
