/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

/**
 * Part of an array, not copied.
 *
 * @param chargedBytes what the request was charged for the array
 */
record Payload(byte[] bytes, int offset, int length, long chargedBytes) {}
