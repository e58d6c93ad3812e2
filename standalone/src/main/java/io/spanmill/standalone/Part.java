/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * One running service as the composition sees it.
 *
 * @param name as on the command line
 * @param ready whether it serves
 * @param ports port settings and the ports really taken
 * @param stop ends it within ten seconds
 */
record Part(String name, BooleanSupplier ready, Map<String, Integer> ports, AutoCloseable stop) {
  Part {
    ports = Map.copyOf(ports);
  }
}
