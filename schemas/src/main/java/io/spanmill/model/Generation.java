/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

/**
 * Layout of a rollup row's generation. Rows of one series and window that differ in generation are
 * added, never replaced by one another.
 *
 * <pre>
 * bits 62…40  edition: which rebuild the row belongs to
 * bit     39  0: written by the job, bits 38…0 are the offset of the partial that opened the row
 *             1: written beside the job
 *                bit 38 = 0: bits 37…0 are 0 for the base a rebuild folded from calls, else the
 *                            number of the repricing run whose correction it is
 *                bit 38 = 1: a further part of the base, which did not fit into memory at once
 * </pre>
 *
 * <p>Rows of windows (minute, hour, day) are read in the active edition: all of its own rows, and
 * the job's rows of later editions. The job counts into a later edition from its cut on, while
 * readers still read the one before; what lies before the cut comes with the base when the edition
 * becomes active. So each call is read once, whichever edition is active. All-time rows are a
 * ledger: edition 0 for ever, no rows beside the job.
 */
public final class Generation {
  /** Greatest edition. */
  public static final int MAX_EDITION = (1 << 22) - 1;

  /** Greatest offset, number of a part or of a run. */
  public static final long MAX_OFFSET = (1L << 39) - 1;

  /** Greatest number of a part of the base, and of a run. */
  public static final long MAX_NUMBER = (1L << 38) - 1;

  private static final int SHIFT = 40;
  private static final long BESIDE = 1L << 39;
  private static final long PART = 1L << 38;

  private Generation() {}

  /** A row of the job, opened by the partial at this offset. */
  public static long ofJob(int edition, long offset) {
    return first(edition) | within("offset", offset, 0, MAX_OFFSET);
  }

  /**
   * The base of an edition, folded from calls.
   *
   * @param part 0, or the number of a further part of the same windows
   */
  public static long ofBase(int edition, long part) {
    long number = within("part", part, 0, MAX_NUMBER);
    return first(edition) | BESIDE | (number == 0 ? 0 : PART | number);
  }

  /**
   * The correction of a repricing run.
   *
   * @param run its number, from 1 on
   */
  public static long ofCorrection(int edition, long run) {
    return first(edition) | BESIDE | within("run", run, 1, MAX_NUMBER);
  }

  public static int edition(long generation) {
    return (int) (generation >>> SHIFT);
  }

  /** Whether the row was written beside the job. */
  public static boolean isBeside(long generation) {
    return (generation & BESIDE) != 0;
  }

  /** The generation without its edition: what a row keeps when it is carried into another. */
  public static long withoutEdition(long generation) {
    return generation & ((1L << SHIFT) - 1);
  }

  /** The least generation of an edition. */
  public static long first(int edition) {
    return within("edition", edition, 0, MAX_EDITION) << SHIFT;
  }

  /**
   * The condition on column {@code generation} by which the windows of an edition are read, as SQL;
   * for tables of minutes, hours and days, never for all time.
   */
  public static String condition(int activeEdition) {
    return "generation >= "
        + first(activeEdition)
        + " AND (generation < "
        + (first(activeEdition) + (1L << SHIFT))
        + " OR bitAnd(generation, "
        + BESIDE
        + ") = 0)";
  }

  /** Whether the condition holds. */
  public static boolean isRead(long generation, int activeEdition) {
    int edition = edition(generation);
    return edition == activeEdition || (edition > activeEdition && !isBeside(generation));
  }

  private static long within(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be " + least + " to " + most + ", is " + value);
    }
    return value;
  }
}
