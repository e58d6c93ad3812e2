/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthTest {
  @Test
  void keys_areFoundByTextAndCarryProjectAndRoles() {
    ApiKeys keys =
        ApiKeys.of(
            Settings.of(
                Map.of("auth.keys", "secret-one:shop:ingest|read, secret-two:*:read|admin")));
    Principal one = keys.find("secret-one");
    assertThat(one).isNotNull();
    assertThat(one.project()).isEqualTo("shop");
    assertThat(one.roles()).containsExactlyInAnyOrder(Role.INGEST, Role.READ);
    assertThat(one.mayRead("other")).isFalse();
    assertThat(keys.find("secret-two").mayRead("other")).isTrue();
    assertThat(keys.find("secret-three")).isNull();
    assertThat(keys.any()).isTrue();
    assertThat(ApiKeys.of(Settings.of(Map.of())).any()).isFalse();
  }

  @Test
  void badKeys_areToldByPositionNotText() {
    assertThatThrownBy(
            () ->
                ApiKeys.of(
                    Settings.of(
                        Map.of(
                            "auth.keys", "hush-hush:shop,hush-hush:shop:fly,hush-hush:*:ingest"))))
        .isInstanceOfSatisfying(SettingsException.class, e -> assertThat(e.problems()).hasSize(3))
        .hasMessageContaining("auth.keys entry 1", "auth.keys entry 2", "auth.keys entry 3")
        .hasMessageNotContaining("hush");
  }

  @Test
  void keyFile_isReadAgainWhenItChanges(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("keys");
    Files.writeString(file, "# keys\nold-secret:shop:read\n");
    AtomicLong now = new AtomicLong();
    ApiKeys keys = ApiKeys.of(Settings.of(Map.of("auth.keys.file", file.toString())), now::get);
    assertThat(keys.find("old-secret")).isNotNull();
    Files.writeString(file, "new-secret:shop:read\n");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    now.addAndGet(Duration.ofSeconds(2).toNanos());
    assertThat(keys.find("old-secret")).isNull();
    assertThat(keys.find("new-secret")).isNotNull();
    Files.writeString(file, "broken\n");
    Files.setLastModifiedTime(file, FileTime.fromMillis(2));
    now.addAndGet(Duration.ofSeconds(2).toNanos());
    assertThat(keys.find("new-secret")).isNotNull();
    Files.writeString(file, "");
    Files.setLastModifiedTime(file, FileTime.fromMillis(3));
    now.addAndGet(Duration.ofSeconds(2).toNanos());
    assertThat(keys.find("new-secret")).isNull();
    assertThat(keys.any()).as("emptied, the file still asks for keys").isTrue();
  }

  @Test
  void token_endsWithItsKey_andAllowsNoMoreThanIt() {
    Settings before =
        Settings.of(
            Map.of(
                "auth.token.secret",
                "a-shared-secret",
                "auth.keys",
                "first-secret:shop:ingest|read,reads-everything:*:read|admin"));
    ApiKeys keys = ApiKeys.of(before);
    Tokens issuer = new Tokens(before, keys, Clock.systemUTC());
    Principal shop = Objects.requireNonNull(keys.find("first-secret"));
    Principal all = Objects.requireNonNull(keys.find("reads-everything"));
    Principal oneOfAll = new Principal("shop", all.roles(), all.keyId());
    String ofShop = issuer.issue(shop, "id");
    String ofOne = issuer.issue(oneOfAll, "id");
    assertThat(issuer.principal(ofShop)).isEqualTo(shop);
    assertThat(issuer.principal(ofOne)).as("stays with its project").isEqualTo(oneOfAll);

    Tokens later = after("first-secret:shop:read,reads-everything:*:read|admin");
    assertThat(later.principal(ofShop))
        .isEqualTo(new Principal("shop", Set.of(Role.READ), shop.keyId()));
    assertThat(after("first-secret:other:ingest|read").principal(ofShop)).isNull();
    assertThat(after("reads-everything:*:read|admin").principal(ofShop)).isNull();
    assertThat(after("first-secret:shop:ingest|read").principal(ofOne)).isNull();
    assertThat(
            later.principal(
                issuer.issue(new Principal("shop", shop.roles(), Principal.ANONYMOUS), "id")))
        .as("keys are asked for now")
        .isNull();
  }

  private static Tokens after(String keys) {
    Settings settings =
        Settings.of(
            Map.of(
                "auth.token.secret",
                "a-shared-secret",
                "auth.keys",
                keys,
                "auth.anonymous",
                "false"));
    return new Tokens(settings, ApiKeys.of(settings), Clock.systemUTC());
  }

  @Test
  void tokens_areTakenUntilTheyExpireAndOnlyWithTheRightSecret() throws Exception {
    Instant start = Instant.parse("2026-01-01T00:00:00Z");
    Settings settings = Settings.of(Map.of("auth.token.secret", "a-shared-secret"));
    Principal principal = new Principal("shop", Set.of(Role.INGEST, Role.READ), "1a2b3c4d");
    ApiKeys none = ApiKeys.of(settings);
    String token =
        new Tokens(settings, none, Clock.fixed(start, ZoneOffset.UTC)).issue(principal, "id");
    Clock late = Clock.fixed(start.plus(Tokens.VALIDITY), ZoneOffset.UTC);
    assertThat(
            new Tokens(settings, none, Clock.fixed(start.plusSeconds(60), ZoneOffset.UTC))
                .verify(token)
                .principal())
        .isEqualTo(principal);
    assertThatThrownBy(() -> new Tokens(settings, none, late).verify(token))
        .hasMessage("Token has expired");
    assertThat(new Tokens(Settings.of(Map.of()), none, Clock.systemUTC()).principal(token))
        .isNull();
    String unsigned = token.substring(0, token.lastIndexOf('.') + 1);
    for (String bad : List.of("", "x", "a.b.c", unsigned, token + "x")) {
      assertThat(new Tokens(settings, none, Clock.fixed(start, ZoneOffset.UTC)).principal(bad))
          .as(bad)
          .isNull();
    }
  }

  @Test
  void projects_areKnownByNameAndUuid() {
    String id = "11111111-2222-3333-4444-555555555555";
    Projects projects = Projects.of(Settings.of(Map.of("projects", "default,shop=" + id)));
    assertThat(projects.name(id.toUpperCase(java.util.Locale.ROOT), List.of())).isEqualTo("shop");
    assertThat(projects.name(projects.id("default"), List.of())).isEqualTo("default");
    assertThat(projects.name(projects.id("late"), List.of("late"))).isEqualTo("late");
    assertThat(projects.name("nobody", List.of())).isNull();
    assertThat(Projects.isUuid(projects.id("default"))).isTrue();
  }
}
