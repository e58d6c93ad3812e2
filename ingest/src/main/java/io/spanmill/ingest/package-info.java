/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The OTLP receiver: checks, splits by trace, produces; does not interpret. */
@NullMarked
package io.spanmill.ingest;

import org.jspecify.annotations.NullMarked;
