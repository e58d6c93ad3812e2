/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** OTLP trace bytes: lazy reading, JSON mapping, splitting by trace. */
@NullMarked
package io.spanmill.otlp;

import org.jspecify.annotations.NullMarked;
