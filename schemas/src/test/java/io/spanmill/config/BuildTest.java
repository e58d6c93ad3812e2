/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BuildTest {
  @Test
  void versionAndCommit_areFilledInByTheBuild() {
    Build build = Build.read();

    assertThat(build.version()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    if (build.commit() != null) {
      assertThat(build.commit()).matches("[0-9a-f]{12}");
    }
  }

  @Test
  void text_leavesOutACommitThatIsNotKnown() {
    assertThat(new Build("1.2.3", null)).hasToString("1.2.3");
    assertThat(new Build("1.2.3", "0123456789ab")).hasToString("1.2.3 (0123456789ab)");
  }
}
