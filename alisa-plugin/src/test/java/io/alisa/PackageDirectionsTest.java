package io.alisa;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** Who may know whom. */
class PackageDirectionsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.alisa");

    @Test
    void packagesKnowOnlyWhatLiesBelow() {
        ArchRule rule = layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .ensureAllClassesAreContainedInArchitecture()
                .layer("api").definedBy("io.alisa")
                .layer("parallel").definedBy("io.alisa.parallel")
                .layer("config").definedBy("io.alisa.config")
                .layer("device").definedBy("io.alisa.device")
                .layer("json").definedBy("io.alisa.json")
                .layer("memory").definedBy("io.alisa.memory")
                .layer("save").definedBy("io.alisa.save")
                .layer("tier").definedBy("io.alisa.tier")
                .layer("cache").definedBy("io.alisa.cache")
                .layer("attention").definedBy("io.alisa.attention")
                .layer("telemetry").definedBy("io.alisa.telemetry")
                .layer("sparse").definedBy("io.alisa.sparse")
                .layer("schedule").definedBy("io.alisa.schedule")
                .layer("measure").definedBy("io.alisa.measure")
                .layer("host").definedBy("io.alisa.host")
                .layer("jlama").definedBy("io.alisa.host.jlama")
                .layer("agent").definedBy("io.alisa.agent")
                .layer("doctor").definedBy("io.alisa.doctor")
                .layer("start").definedBy("io.alisa.start")
                .layer("units").definedBy("io.alisa.units")
                .whereLayer("api").mayNotAccessAnyLayer()
                .whereLayer("parallel").mayNotAccessAnyLayer()
                .whereLayer("units").mayNotAccessAnyLayer()
                .whereLayer("config").mayOnlyAccessLayers("units")
                .whereLayer("json").mayNotAccessAnyLayer()
                .whereLayer("memory").mayOnlyAccessLayers("parallel")
                .whereLayer("save").mayOnlyAccessLayers("json")
                .whereLayer("device").mayOnlyAccessLayers("tier")
                .whereLayer("tier").mayOnlyAccessLayers("memory")
                .whereLayer("cache").mayOnlyAccessLayers("memory", "tier", "schedule", "save", "device", "units")
                .whereLayer("attention").mayOnlyAccessLayers("memory", "cache", "parallel", "device")
                .whereLayer("telemetry").mayNotAccessAnyLayer()
                .whereLayer("sparse").mayOnlyAccessLayers("cache", "attention", "parallel", "telemetry", "device")
                .whereLayer("schedule").mayOnlyAccessLayers("api", "config", "units")
                .whereLayer("measure")
                .mayOnlyAccessLayers("schedule", "tier", "sparse", "cache", "attention", "parallel")
                .whereLayer("host")
                .mayOnlyAccessLayers("api", "schedule", "tier", "cache", "attention", "sparse", "parallel", "config",
                        "telemetry", "save", "device", "units")
                .whereLayer("jlama")
                .mayOnlyAccessLayers("host", "memory", "sparse", "cache", "schedule", "attention", "parallel", "config",
                        "save", "device")
                .whereLayer("agent").mayOnlyAccessLayers("api", "config", "host", "units")
                .whereLayer("doctor")
                .mayOnlyAccessLayers("api", "config", "tier", "attention", "agent", "device", "schedule", "measure",
                        "json", "host", "cache", "sparse", "units")
                .whereLayer("start").mayOnlyAccessLayers("agent", "doctor");
        rule.check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        ArchRule rule = slices().matching("io.(**)").should().beFreeOfCycles();
        rule.check(CLASSES);
    }

    @Test
    void onlyItsAdapterKnowsTheHost() {
        ArchRule rule = noClasses()
                .that().resideOutsideOfPackage("io.alisa.host.jlama")
                .should().dependOnClassesThat().resideInAPackage("com.github.tjake..");
        rule.check(CLASSES);
    }

    @Test
    void onlyTheAgentKnowsBytecode() {
        ArchRule rule = noClasses()
                .that().resideOutsideOfPackage("io.alisa.agent")
                .should().dependOnClassesThat().resideInAPackage("java.lang.classfile..");
        rule.check(CLASSES);
    }

    @Test
    void onlyTheAgentAndItsEntryAreAnAgent() {
        ArchRule rule = noClasses()
                .that().resideOutsideOfPackages("io.alisa.agent", "io.alisa.start")
                .should().dependOnClassesThat().resideInAPackage("java.lang.instrument..");
        rule.check(CLASSES);
    }

    @Test
    void onlyVectorClassesNeedTheVectorApi() {
        ArchRule rule = noClasses()
                .that().resideOutsideOfPackage("io.alisa.attention")
                .or().haveSimpleNameNotStartingWith("Vector")
                .should().dependOnClassesThat().resideInAPackage("jdk.incubator.vector..");
        rule.check(CLASSES);
    }

    @Test
    void nothingHereKnowsCuda() {
        ArchRule rule = noClasses()
                .should().dependOnClassesThat().resideInAPackage("jcuda..");
        rule.check(CLASSES);
    }

    @Test
    void onlyTheHostsAdapterNeedsMoreThanTheJdk() {
        ArchRule rule = classes()
                .that().resideOutsideOfPackage("io.alisa.host.jlama")
                .should().onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "jdk.jfr..", "com.sun.management..", "jdk.incubator.vector..",
                        "io.alisa..",
                        "org.jspecify.annotations..");
        rule.check(CLASSES);
    }
}
