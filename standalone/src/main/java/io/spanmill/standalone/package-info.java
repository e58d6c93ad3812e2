/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** All services and their servers in one process, over one data folder. */
@NullMarked
package io.spanmill.standalone;

import org.jspecify.annotations.NullMarked;
