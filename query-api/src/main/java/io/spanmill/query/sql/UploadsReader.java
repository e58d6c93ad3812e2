/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what senders uploaded beside their spans. Thread-safe. */
public final class UploadsReader {
  private final Database database;

  UploadsReader(Database database) {
    this.database = database;
  }

  /** The newest upload under one of these names, or null. */
  public byte @Nullable [] newest(String project, String kind, Collection<String> names) {
    Sql which =
        new Sql()
            .add(
                "SELECT name, toUnixTimestamp64Milli(uploaded_at) AS at FROM uploads WHERE project = ")
            .bind(project);
    which.add(" AND kind = ").bind(kind).add(" AND ").in("name", names);
    which.add(" ORDER BY uploaded_at DESC, name LIMIT 1");
    List<Row> found = database.query(which);
    if (found.isEmpty()) {
      return null;
    }
    Sql sql = new Sql().add("SELECT content FROM uploads WHERE project = ").bind(project);
    sql.add(" AND kind = ").bind(kind).add(" AND name = ").bind(found.get(0).text("name"));
    sql.add(" AND uploaded_at = fromUnixTimestamp64Milli(").bind(found.get(0).integer("at"));
    sql.add(", 'UTC') LIMIT 1");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      database.copy(sql, "RawBLOB", out);
    } catch (IOException e) {
      throw new UncheckedIOException("reading an upload", e);
    }
    return out.toByteArray();
  }

  /** Bytes kept of a project, replaced uploads included until they are merged away. */
  public long sizeBytes(String project) {
    Sql sql =
        new Sql().add("SELECT sum(size_bytes) AS n FROM uploads WHERE project = ").bind(project);
    return database.query(sql).get(0).integer("n");
  }
}
