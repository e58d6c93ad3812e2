/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Values shared by the services; imports java only. */
@NullMarked
package io.spanmill.model;

import org.jspecify.annotations.NullMarked;
