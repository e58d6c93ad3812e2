/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.Editions;
import io.spanmill.model.CubeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job's side of the editions: which one was asked for last, and which cubes are filled. Without
 * ClickHouse the job goes on as it does. Thread-safe.
 */
public final class WantedEdition implements IntSupplier {
  private static final Logger LOG = LoggerFactory.getLogger(WantedEdition.class);

  private final Editions editions;
  private final CubeSet cubes;
  private final AtomicInteger wanted = new AtomicInteger();

  /**
   * @param cubes what the job folds
   */
  public WantedEdition(Editions editions, CubeSet cubes) {
    this.editions = editions;
    this.cubes = cubes;
  }

  /** Looks again which edition is wanted. */
  public void refresh() {
    try {
      wanted.accumulateAndGet(editions.wanted(), Math::max);
    } catch (ClickHouseFailure e) {
      LOG.debug("wanted edition not read: {}", e.getMessage());
    }
  }

  /** Strikes off cubes that this job does not fold, see {@link Editions#begin}. */
  public void checkFilled() {
    try {
      editions.begin(cubes);
    } catch (ClickHouseFailure e) {
      LOG.debug("filled cubes not checked: {}", e.getMessage());
    }
  }

  @Override
  public int getAsInt() {
    return wanted.get();
  }
}
