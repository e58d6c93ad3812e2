/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The start script on machines that lack something: programs of another version stand before the
 * real ones.
 */
class StartScriptIT {
  private static final Path SCRIPT = Path.of("../spanmill").toAbsolutePath().normalize();

  @TempDir Path temp;
  private Path tools;

  @BeforeEach
  void goodTools() throws IOException {
    tools = Files.createDirectory(temp.resolve("tools"));
    program("java", "echo 'openjdk version \"21.0.4\" 2024-07-16' >&2");
    program("javac", "echo 'javac 21.0.4'");
    program("mvn", "echo 'Apache Maven 3.9.9 (sha)'");
    program("node", "echo v22.11.0");
    program("npm", "echo 10.9.0");
  }

  @Test
  void oldJava_isOneLine() throws Exception {
    program("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");
    assertOneLine("java is version 11.0.2");
    program("java", "echo 'java version \"1.8.0_412\"' >&2");
    assertOneLine("java is version 1.8.0_412");
  }

  @Test
  void missingJava_isOneLine() throws Exception {
    Files.delete(tools.resolve("java"));
    assertOneLine("no java on the PATH");
  }

  @Test
  void wrongJavaHome_isOneLine() throws Exception {
    Result result = run("/nowhere");
    assertThat(result.code).isEqualTo(3);
    assertThat(result.output.strip()).contains("JAVA_HOME is /nowhere").doesNotContain("\n");
  }

  @Test
  void runtimeWithoutCompiler_isOneLine() throws Exception {
    Files.delete(tools.resolve("javac"));
    assertOneLine("no javac");
  }

  @Test
  void oldOrMissingMaven_isOneLine() throws Exception {
    program("mvn", "echo 'Apache Maven 3.6.3 (sha)'");
    assertOneLine("Maven is version 3.6.3");
    Files.delete(tools.resolve("mvn"));
    assertOneLine("no mvn on the PATH");
  }

  @Test
  void oldOrMissingNode_isOneLine() throws Exception {
    program("node", "echo v18.20.1");
    assertOneLine("Node is version 18.20.1");
    program("node", "echo v20.18.3");
    assertOneLine("Node is version 20.18.3");
    Files.delete(tools.resolve("node"));
    assertOneLine("no node on the PATH");
  }

  private void assertOneLine(String wanted) throws Exception {
    Result result = run(null);
    assertThat(result.code).as(result.output).isEqualTo(3);
    assertThat(result.output.strip())
        .startsWith("spanmill: ")
        .contains(wanted)
        .doesNotContain("\n");
  }

  private record Result(int code, String output) {}

  /** On a PATH of the stand-ins and what the script itself uses. */
  private Result run(String javaHome) throws Exception {
    Path base = temp.resolve("base");
    if (!Files.exists(base)) {
      Files.createDirectory(base);
      for (String name :
          "bash env sed grep find head cat rm mkdir mktemp dirname readlink uname cmp cp mv touch tail"
              .split(" ")) {
        for (String dir : System.getenv("PATH").split(File.pathSeparator)) {
          Path program = Path.of(dir, name);
          if (Files.isExecutable(program) && !Files.exists(base.resolve(name))) {
            script(base.resolve(name), "exec " + program + " \"$@\"");
          }
        }
      }
    }
    ProcessBuilder builder =
        new ProcessBuilder(
                base.resolve("bash").toString(),
                SCRIPT.toString(),
                "up",
                "--data",
                temp.resolve("data").toString())
            .directory(temp.toFile())
            .redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("PATH", tools + File.pathSeparator + base);
    if (javaHome != null) {
      builder.environment().put("JAVA_HOME", javaHome);
    }
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), output);
  }

  private void program(String name, String body) throws IOException {
    script(tools.resolve(name), body);
  }

  private static void script(Path file, String body) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
