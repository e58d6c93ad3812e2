/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Sending OTLP: files, example traces and load. */
@NullMarked
package io.spanmill.standalone.traffic;

import org.jspecify.annotations.NullMarked;
