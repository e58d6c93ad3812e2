/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

/** Part of an array, not copied. */
record Payload(byte[] bytes, int offset, int length) {}
