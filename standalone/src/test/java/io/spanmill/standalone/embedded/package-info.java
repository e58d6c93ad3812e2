/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** Tests of the embedded servers, and the fixture that hands them to other tests. */
@NullMarked
package io.spanmill.standalone.embedded;

import org.jspecify.annotations.NullMarked;
