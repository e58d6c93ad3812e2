/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks once for what lists keep, as the screen and AgentOps' dashboard ask for it, so that nobody
 * waits for it to be worked out. Used by one thread, which is interrupted to end it.
 */
final class FirstQuestions implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(FirstQuestions.class);
  private static final int[] DAYS = {30, 7};
  private static final int PAGE = 50;

  /** Of more projects each one's list of AgentOps is not asked for. */
  private static final int MAX_PROJECTS = 8;

  private final Queries queries;
  private final Clock clock;

  FirstQuestions(Queries queries, Clock clock) {
    this.queries = queries;
    this.clock = clock;
  }

  @Override
  public void run() {
    try {
      Set<String> projects = queries.layers().seen().keySet();
      if (projects.isEmpty()) {
        return;
      }
      long nowMs = clock.millis();
      LayerScope all = queries.layers().auto(queries.knownProjects());
      for (int days : DAYS) {
        greatest(question(all, nowMs - TimeUnit.DAYS.toMillis(days), nowMs));
      }
      for (String project : projects.size() > MAX_PROJECTS ? Set.<String>of() : projects) {
        LayerScope one = queries.layers().auto(Set.of(project));
        Question ever = question(one, 0, nowMs + TimeUnit.HOURS.toMillis(1));
        queries.agentOps().list(ever, null, "start_time", true, PAGE, 0);
      }
      LOG.debug("first questions took {} ms", clock.millis() - nowMs);
    } catch (QueryFailure e) {
      // Who asks the same is answered, or told why not.
      LOG.debug("first questions ended early", e);
    }
  }

  private static Question question(LayerScope scope, long fromMs, long toMs) {
    return new Question(new TimeRange(fromMs, toMs), scope, Filters.NONE, List.of());
  }

  private void greatest(Question q) {
    for (String sort : List.of("duration", "cost", "errors")) {
      queries
          .traceFinder()
          .find(
              q, new TraceQuery(sort, true, null, null, null, null, null, null, null, null, PAGE));
    }
    queries.sessions().list(q, new SessionQuery("cost", true, null, null, PAGE));
    for (String sort : List.of("cost", "duration")) {
      queries
          .calls()
          .list(q, new CallQuery(sort, true, null, null, null, null, null, null, null, null, PAGE));
    }
  }
}
