/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The command line: parses, composes, prints. */
@NullMarked
package io.spanmill.standalone.cli;

import org.jspecify.annotations.NullMarked;
