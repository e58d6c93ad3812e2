/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Edition;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** All readers over one ClickHouse, wired together. Thread-safe. */
public final class Queries {
  private final Database database;
  private final Retention retention;
  private final ProgressReader progress;
  private final LayerResolver layers;
  private final ResultCache cache;
  private final EditionReader editions;
  private final RollupReader rollups;
  private final SpanCounter spans;
  private final CallsReader calls;
  private final CallsInOrder callsInOrder;
  private final TracesReader traces;
  private final TraceFinder traceFinder;
  private final StatusReader status;
  private final LedgerReader ledger;
  private final SessionsReader sessions;
  private final FlowReader flow;
  private final AgentOpsReader agentOps;
  private final UploadsReader uploads;
  private final LiveReader live;
  private final Set<String> configuredProjects;
  private final CubeSet cubes;

  /**
   * @param cubes what figures may be read from besides {@code calls}
   */
  public Queries(Database database, Settings settings, Clock clock, CubeSet cubes) {
    this.cubes = cubes;
    this.database = database;
    this.retention = new Retention(clock, settings);
    this.progress = new ProgressReader(database, clock);
    this.layers = new LayerResolver(database, clock);
    this.cache = new ResultCache(settings.longValue(Keys.QUERY_CACHE_BYTES), clock);
    this.editions = new EditionReader(database, clock);
    this.rollups =
        new RollupReader(
            database,
            new CubePlanner(cubes, retention),
            progress,
            editions,
            cache,
            settings.longValue(Keys.QUERY_RAW_MAX_ROWS));
    this.spans = new SpanCounter(database, cache, progress, settings, clock);
    int factDays =
        Math.min(settings.integer(Keys.RETENTION_CALLS), settings.integer(Keys.RETENTION_SPANS));
    LongSupplier sureSinceMs = () -> clock.millis() - TimeUnit.DAYS.toMillis(factDays);
    this.calls = new CallsReader(database);
    this.callsInOrder = new CallsInOrder(database, sureSinceMs);
    this.traces = new TracesReader(database, calls);
    this.traceFinder = new TraceFinder(database, traces, sureSinceMs);
    this.status = new StatusReader(database);
    this.ledger = new LedgerReader(database, editions);
    this.sessions = new SessionsReader(database);
    this.flow = new FlowReader(database);
    this.agentOps = new AgentOpsReader(database, cache, progress, traceFinder, sureSinceMs, clock);
    this.uploads = new UploadsReader(database);
    this.live = new LiveReader(database);
    Set<String> configured = new TreeSet<>();
    for (String p : settings.list(Keys.PROJECTS)) {
      int uuid = p.indexOf('=');
      configured.add(uuid < 0 ? p : p.substring(0, uuid));
    }
    this.configuredProjects = configured;
  }

  /** The effective range: both ends moved outward to the finest window kept there. */
  public TimeRange snap(TimeRange asked) {
    return retention.snap(asked.fromMs(), asked.toMs());
  }

  /** What to run once in the background, so that first questions need not be waited for. */
  public Runnable firstQuestions(Clock clock) {
    return database.sparing(new FirstQuestions(this, clock));
  }

  /** Configured projects and those that have calls. */
  public Set<String> knownProjects() {
    Set<String> out = new TreeSet<>(configuredProjects);
    out.addAll(layers.seen().keySet());
    return out;
  }

  public Database database() {
    return database;
  }

  public ProgressReader progress() {
    return progress;
  }

  public LayerResolver layers() {
    return layers;
  }

  public RollupReader rollups() {
    return rollups;
  }

  public SpanCounter spans() {
    return spans;
  }

  public CallsReader calls() {
    return calls;
  }

  public CallsInOrder callsInOrder() {
    return callsInOrder;
  }

  public TraceFinder traceFinder() {
    return traceFinder;
  }

  public TracesReader traces() {
    return traces;
  }

  public StatusReader status() {
    return status;
  }

  public SessionsReader sessions() {
    return sessions;
  }

  public FlowReader flow() {
    return flow;
  }

  public AgentOpsReader agentOps() {
    return agentOps;
  }

  public UploadsReader uploads() {
    return uploads;
  }

  public LiveReader live() {
    return live;
  }

  public LedgerReader ledger() {
    return ledger;
  }

  public ResultCache cache() {
    return cache;
  }

  /** The cubes and attributes that are configured. */
  public CubeSet cubeSet() {
    return cubes;
  }

  /** The edition of the rollups that is read. */
  public Edition edition() {
    return editions.read();
  }

  List<Cube> cubes() {
    return cubes.cubes();
  }

  /** Names of the configured attributes. */
  public Set<String> attributes() {
    return new LinkedHashSet<>(cubes.attributeNames());
  }
}
