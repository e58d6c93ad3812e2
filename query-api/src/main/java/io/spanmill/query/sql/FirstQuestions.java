/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks once for what lists keep, as the screen and AgentOps' dashboard ask for it, so that nobody
 * waits for it to be worked out. If ClickHouse fails just then it goes on where it was, some times.
 * Used by one thread, which is interrupted to end it.
 */
final class FirstQuestions implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(FirstQuestions.class);
  private static final int[] DAYS = {30, 7, 1};
  private static final int PAGE = 50;

  /** Of more projects each one's list of AgentOps is not asked for. */
  private static final int MAX_PROJECTS = 8;

  /** About an hour in all. */
  private static final int MAX_FAILURES = 12;

  private static final long FIRST_PAUSE_MS = 2_000;
  private static final long MAX_PAUSE_MS = 600_000;

  private final Queries queries;
  private final Clock clock;
  private final Pause pause;

  /** What is done between two tries. */
  interface Pause {
    /**
     * @param ms how long it should be
     */
    void last(long ms) throws InterruptedException;
  }

  FirstQuestions(Queries queries, Clock clock) {
    this(queries, clock, Thread::sleep);
  }

  FirstQuestions(Queries queries, Clock clock, Pause pause) {
    this.queries = queries;
    this.clock = clock;
    this.pause = pause;
  }

  @Override
  public void run() {
    long nowMs = clock.millis();
    Deque<Runnable> left = new ArrayDeque<>();
    left.add(() -> left.addAll(questions()));
    int failures = 0;
    try {
      while (!left.isEmpty()) {
        try {
          left.element().run();
          left.remove();
        } catch (QueryFailure e) {
          failures++;
          if (e.kind() == QueryFailure.Kind.CANCELLED || failures >= MAX_FAILURES) {
            // Who asks the same is answered, or told why not.
            LOG.debug("first questions ended early", e);
            return;
          }
          pause.last(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS << failures));
        }
      }
      LOG.debug("first questions took {} ms", clock.millis() - nowMs);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Runnable> questions() {
    List<Runnable> out = new ArrayList<>();
    Set<String> projects = queries.layers().seen().keySet();
    if (projects.isEmpty()) {
      return out;
    }
    LayerScope all = queries.layers().auto(queries.knownProjects());
    for (int days : DAYS) {
      greatest(all, days, out);
    }
    for (String project : projects.size() > MAX_PROJECTS ? Set.<String>of() : projects) {
      LayerScope one = queries.layers().auto(Set.of(project));
      out.add(
          () -> {
            Question ever = question(one, 0, clock.millis() + TimeUnit.HOURS.toMillis(1));
            queries.agentOps().list(ever, null, "start_time", true, PAGE, 0);
          });
    }
    return out;
  }

  private static Question question(LayerScope scope, long fromMs, long toMs) {
    return new Question(new TimeRange(fromMs, toMs), scope, Filters.NONE, List.of());
  }

  private void greatest(LayerScope scope, int days, List<Runnable> out) {
    Supplier<Question> q =
        () -> {
          long nowMs = clock.millis();
          return question(scope, nowMs - TimeUnit.DAYS.toMillis(days), nowMs);
        };
    // The fewest spans: in which hours each span is counted once is known from then on.
    for (String sort : List.of("duration", "cost", "errors", "spans")) {
      boolean descending = !sort.equals("spans");
      TraceQuery query =
          new TraceQuery(sort, descending, null, null, null, null, null, null, null, null, PAGE);
      out.add(() -> queries.traceFinder().find(q.get(), query));
    }
    out.add(
        () -> queries.sessions().list(q.get(), new SessionQuery("cost", true, null, null, PAGE)));
    for (String sort : List.of("cost", "duration")) {
      CallQuery query =
          new CallQuery(sort, true, null, null, null, null, null, null, null, null, PAGE);
      out.add(() -> queries.callsInOrder().list(q.get(), query));
    }
  }
}
