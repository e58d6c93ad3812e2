/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The direction of dependencies, over all modules. */
@AnalyzeClasses(packages = "io.spanmill", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule services_neverSeeEachOther =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("io.spanmill..")
          .withOptionalLayers(true)
          .layer("schemas")
          .definedBy(
              "io.spanmill.config..",
              "io.spanmill.model..",
              "io.spanmill.otlp..",
              "io.spanmill.codec..",
              "io.spanmill.pricing..",
              "io.spanmill.clickhouse..",
              "io.spanmill.auth..")
          .layer("ingest")
          .definedBy("io.spanmill.ingest..")
          .layer("aggregator")
          .definedBy("io.spanmill.aggregator..")
          .layer("query-api")
          .definedBy("io.spanmill.query..")
          .layer("standalone")
          .definedBy("io.spanmill.standalone..")
          .whereLayer("standalone")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("ingest")
          .mayOnlyBeAccessedByLayers("standalone")
          .whereLayer("aggregator")
          .mayOnlyBeAccessedByLayers("standalone")
          .whereLayer("query-api")
          .mayOnlyBeAccessedByLayers("standalone");

  @ArchTest
  static final ArchRule model_knowsJavaAlone =
      classes()
          .that()
          .resideInAPackage("io.spanmill.model..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("java..", "io.spanmill.model..", "org.jspecify..");

  @ArchTest
  static final ArchRule packages_formNoCycle =
      slices().matching("io.spanmill.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule streams_staysInTheRollupJob =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.spanmill.aggregator..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.kafka.streams..");

  @ArchTest
  static final ArchRule javalin_staysInTheQueryApi =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.spanmill.query..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.javalin..");

  @ArchTest
  static final ArchRule armeria_staysInIngest =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.spanmill.ingest..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.linecorp.armeria..");

  @ArchTest
  static final ArchRule logging_goesThroughSlf4j =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.spanmill.standalone")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.logging..", "java.util.logging..");

  /** The arrival time of a record is the one clock numbers may depend on. */
  @ArchTest
  static final ArchRule figures_dependOnNoWallClock =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.spanmill.model..",
              "io.spanmill.codec..",
              "io.spanmill.otlp..",
              "io.spanmill.aggregator.normalize..",
              "io.spanmill.aggregator.dedup..",
              "io.spanmill.aggregator.rollup..")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(java.time.Instant.class, "now")
          .orShould()
          .callMethod(java.time.Clock.class, "systemUTC");
}
