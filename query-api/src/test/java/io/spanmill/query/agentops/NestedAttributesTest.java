/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.query.http.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NestedAttributesTest {
  @Test
  void dottedKeys_becomeObjectsAndArrays() {
    assertThat(
            nested(
                "gen_ai.prompt.1.content", "b",
                "gen_ai.prompt.0.content", "a",
                "gen_ai.prompt.0.role", "user",
                "gen_ai.usage.prompt_tokens", "5",
                "tags.0", "x",
                "tags.1", "y"))
        .isEqualTo(
            "{\"gen_ai\":{\"prompt\":[{\"content\":\"a\",\"role\":\"user\"},{\"content\":\"b\"}],"
                + "\"usage\":{\"prompt_tokens\":\"5\"}},\"tags\":[\"x\",\"y\"]}");
  }

  @Test
  void whatDoesNotFit_isLeftOut() {
    assertThat(nested("a.b", "1", "a.3", "small index on an object"))
        .isEqualTo("{\"a\":{\"b\":\"1\"}}");
    assertThat(nested("a", "plain", "a.b", "part of plain")).isEqualTo("{\"a\":\"plain\"}");
    assertThat(nested("a.0", "x", "a.b", "key on an array")).isEqualTo("{\"a\":[\"x\"]}");
    assertThat(nested("a.0", "x", "a.999999999", "far")).isEqualTo("{\"a\":[\"x\"]}");
    assertThat(nested("a.12", "great index", "7", "small"))
        .isEqualTo("{\"a\":{\"12\":\"great index\"}}");
  }

  @Test
  void aPlainPrompt_becomesTheUsersMessage() {
    assertThat(nested("gen_ai.prompt", "hello"))
        .isEqualTo("{\"gen_ai\":{\"prompt\":[{\"content\":\"hello\",\"role\":\"user\"}]}}");
  }

  private static String nested(String... keysAndValues) {
    Map<String, String> flat = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      flat.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return new String(Json.bytes(NestedAttributes.of(flat)), StandardCharsets.UTF_8);
  }
}
