/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A process whose use of the machine is read from {@code /proc}: Linux only.
 *
 * @param name as in the tables
 * @param gcLog where its JVM logs collections; a missing file for what is no JVM
 */
record Watched(String name, long pid, Path gcLog) {
  private static final double TICKS_PER_SECOND = 100;

  /** User and system time so far, in seconds. */
  double cpuSeconds() throws IOException {
    return cpuSeconds(Files.readString(Path.of("/proc/" + pid + "/stat")));
  }

  private static double cpuSeconds(String stat) {
    // The name in parentheses may hold spaces; utime and stime are the 14th and 15th of all.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  /** The same by name of thread; threads that have ended are missing. */
  Map<String, Double> cpuByThread() throws IOException {
    Map<String, Double> out = new TreeMap<>();
    try (DirectoryStream<Path> tasks =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path task : tasks) {
        try {
          String stat = Files.readString(task.resolve("stat"));
          String thread = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
          out.merge(thread.replaceAll("[#-]?\\d+$", ""), cpuSeconds(stat), Double::sum);
        } catch (NoSuchFileException e) {
          continue; // It ended meanwhile.
        } catch (IOException e) {
          if (String.valueOf(e.getMessage()).contains("No such process")) {
            continue;
          }
          throw e;
        }
      }
    }
    return out;
  }

  /** Most memory it ever had resident, in MiB. */
  long rssPeakMib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
      }
    }
    throw new IOException("no VmHWM of process " + pid);
  }

  /** Fullest heap before and after a collection, in MiB; zeros without a log. */
  int[] heapPeakMib() throws IOException {
    int before = 0;
    int after = 0;
    if (Files.exists(gcLog)) {
      for (String line : Files.readAllLines(gcLog)) {
        String sizes = line.replaceAll(".* (\\d+)M->(\\d+)M\\(.*", "$1 $2");
        if (!sizes.equals(line)) {
          before = Math.max(before, Integer.parseInt(sizes.split(" ")[0]));
          after = Math.max(after, Integer.parseInt(sizes.split(" ")[1]));
        }
      }
    }
    return new int[] {before, after};
  }
}
