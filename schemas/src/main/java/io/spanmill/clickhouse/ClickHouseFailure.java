/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import com.clickhouse.client.api.ServerException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request to ClickHouse that failed, with the one decision that matters: what may help. */
public final class ClickHouseFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What may help. */
  public enum Kind {
    /** Trying the same again later. */
    TRANSIENT,
    /** Somebody setting something right: rights, tables, disk; the data are not to blame. */
    SETUP,
    /** Leaving out the rows at fault. */
    DATA
  }

  /**
   * ClickHouse's error codes that say nothing about the rows sent. Whatever is not listed, and came
   * from the server, is taken for a fault of the data.
   */
  private static final Map<Integer, Kind> BY_CODE =
      Map.ofEntries(
          Map.entry(159, Kind.TRANSIENT), // TIMEOUT_EXCEEDED
          Map.entry(164, Kind.SETUP), // READONLY
          Map.entry(202, Kind.TRANSIENT), // TOO_MANY_SIMULTANEOUS_QUERIES
          Map.entry(203, Kind.TRANSIENT), // NO_FREE_CONNECTION
          Map.entry(209, Kind.TRANSIENT), // SOCKET_TIMEOUT
          Map.entry(210, Kind.TRANSIENT), // NETWORK_ERROR
          Map.entry(236, Kind.TRANSIENT), // ABORTED: the server is shutting down
          Map.entry(241, Kind.TRANSIENT), // MEMORY_LIMIT_EXCEEDED
          Map.entry(242, Kind.TRANSIENT), // TABLE_IS_READ_ONLY: a replica without its keeper
          Map.entry(243, Kind.SETUP), // NOT_ENOUGH_SPACE
          Map.entry(252, Kind.TRANSIENT), // TOO_MANY_PARTS
          Map.entry(279, Kind.TRANSIENT), // ALL_CONNECTION_TRIES_FAILED
          Map.entry(285, Kind.TRANSIENT), // TOO_FEW_LIVE_REPLICAS
          Map.entry(286, Kind.TRANSIENT), // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
          Map.entry(319, Kind.TRANSIENT), // UNKNOWN_STATUS_OF_INSERT
          Map.entry(394, Kind.TRANSIENT), // QUERY_WAS_CANCELLED
          Map.entry(425, Kind.SETUP), // SYSTEM_ERROR
          Map.entry(439, Kind.TRANSIENT), // CANNOT_SCHEDULE_TASK
          Map.entry(517, Kind.TRANSIENT), // CANNOT_ASSIGN_ALTER
          Map.entry(574, Kind.SETUP), // DISTRIBUTED_TOO_MANY_PENDING_BYTES
          Map.entry(638, Kind.TRANSIENT), // TABLE_UUID_MISMATCH: swapped meanwhile
          Map.entry(745, Kind.TRANSIENT), // SERVER_OVERLOADED
          Map.entry(999, Kind.TRANSIENT), // KEEPER_EXCEPTION
          Map.entry(16, Kind.SETUP), // NO_SUCH_COLUMN_IN_TABLE
          Map.entry(20, Kind.SETUP), // NUMBER_OF_COLUMNS_DOESNT_MATCH
          Map.entry(46, Kind.SETUP), // UNKNOWN_FUNCTION
          Map.entry(47, Kind.SETUP), // UNKNOWN_IDENTIFIER
          Map.entry(60, Kind.SETUP), // UNKNOWN_TABLE
          Map.entry(62, Kind.SETUP), // SYNTAX_ERROR
          Map.entry(81, Kind.SETUP), // UNKNOWN_DATABASE
          Map.entry(115, Kind.SETUP), // UNKNOWN_SETTING
          Map.entry(192, Kind.SETUP), // UNKNOWN_USER
          Map.entry(193, Kind.SETUP), // WRONG_PASSWORD
          Map.entry(194, Kind.SETUP), // REQUIRED_PASSWORD
          Map.entry(201, Kind.SETUP), // QUOTA_EXCEEDED
          Map.entry(452, Kind.SETUP), // SETTING_CONSTRAINT_VIOLATION
          Map.entry(497, Kind.SETUP), // ACCESS_DENIED
          Map.entry(516, Kind.SETUP)); // AUTHENTICATION_FAILED

  private final Kind kind;
  private final int code;

  ClickHouseFailure(Kind kind, int code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.code = code;
  }

  /** What may help. */
  public Kind kind() {
    return kind;
  }

  /** The server's error code; 0 if it did not answer. */
  public int code() {
    return code;
  }

  /**
   * The failure behind an exception of the client, without the SQL's values in its message.
   *
   * @param what what was tried
   */
  public static ClickHouseFailure of(String what, Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        return new ClickHouseFailure(Kind.TRANSIENT, 0, what + ": interrupted", thrown);
      }
      if (t instanceof ServerException server) {
        return new ClickHouseFailure(
            kindOf(server),
            server.getCode(),
            what + ": ClickHouse says " + firstLine(server.getMessage()),
            thrown);
      }
    }
    // No answer, or none that could be read: the server went away in the middle.
    return new ClickHouseFailure(
        Kind.TRANSIENT,
        0,
        what + ": no answer from ClickHouse: " + firstLine(deepest(thrown)),
        thrown);
  }

  private static Kind kindOf(ServerException server) {
    if (server.getCode() > ServerException.CODE_UNKNOWN) {
      return kindOf(server.getCode());
    }
    // No error of ClickHouse's own: a gateway before it, or an address that it does not serve.
    int status = server.getTransportProtocolCode();
    return status >= 400 && status < 500 ? Kind.SETUP : Kind.TRANSIENT;
  }

  /** The table, for one code. */
  static Kind kindOf(int code) {
    return BY_CODE.getOrDefault(code, Kind.DATA);
  }

  private static String deepest(Throwable thrown) {
    Throwable t = thrown;
    while (t.getCause() != null) {
      t = t.getCause();
    }
    return t.getClass().getSimpleName() + ": " + t.getMessage();
  }

  private static String firstLine(@Nullable String text) {
    if (text == null) {
      return "nothing";
    }
    String line = text.lines().findFirst().orElse("");
    return line.length() > 500 ? line.substring(0, 500) + "…" : line;
  }
}
