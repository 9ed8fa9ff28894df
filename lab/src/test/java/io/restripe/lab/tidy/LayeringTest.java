package io.restripe.lab.tidy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may know whom in core. Think hard before changing {@link #ORDER}: it is the map of the product. */
class LayeringTest {
    /** A package and those under it may use what stands before them, and nothing behind. */
    private static final List<String> ORDER = List.of(
            "rule",
            "unit",
            "env",
            "os",
            "socket",
            "codec",
            "geometry",
            "parity",
            "disk",
            "nbd",
            "fuse",
            "stripe",
            "consistency",
            "metadata",
            "array",
            "reshape",
            "assembly",
            "check",
            "host");

    private static final String ROOT = "io.restripe.";
    private static JavaClasses core;

    @BeforeAll
    static void readClasses() {
        core = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.restripe")
                .that(DescribedPredicate.describe(
                        "in core",
                        c -> !c.getPackageName().startsWith(ROOT + "node")
                                && !c.getPackageName().startsWith(ROOT + "lab")));
        assertThat(core.size()).isGreaterThan(50);
    }

    private static String below(String layer) {
        return ROOT + layer + "..";
    }

    @Test
    void every_package_of_core_has_its_place_in_the_order() {
        Set<String> layers = core.stream()
                .map(JavaClass::getPackageName)
                .map(name -> name.substring(ROOT.length()).split("\\.")[0])
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(ORDER)
                .as("a new package of core: put it into ORDER behind everything it needs")
                .containsAll(layers);
    }

    @Test
    void packages_use_only_what_stands_before_them() {
        for (int i = 0; i < ORDER.size() - 1; i++) {
            String[] behind = ORDER.subList(i + 1, ORDER.size()).stream()
                    .map(LayeringTest::below)
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(below(ORDER.get(i)))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(behind)
                    .because(
                            "packages depend in one direction; hand the thing in through an interface that stands before")
                    .allowEmptyShould(true)
                    .check(core);
        }
    }

    @Test
    void core_needs_nothing_but_the_jdk() {
        noClasses()
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "outside core and the JDK",
                        c -> core.stream().noneMatch(own -> own.getName().equals(c.getName()))
                                && !c.getBaseComponentType().isPrimitive()
                                && !c.getBaseComponentType().getPackageName().startsWith("java.")
                                && !c.getBaseComponentType().getPackageName().startsWith("javax.net.")
                                && !c.getBaseComponentType().getPackageName().startsWith("jdk.")
                                && !c.getBaseComponentType().getPackageName().startsWith(ROOT)))
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage(below("node"), below("lab"))
                .because("third-party libraries live in node; core's only run-time dependency is the JDK")
                .check(core);
    }

    @Test
    void geometry_is_arithmetic() {
        never("geometry", "disk", "metadata", "array", "parity", "env");
    }

    @Test
    void metadata_never_sees_array_input_and_output() {
        never("metadata", "array", "stripe", "parity");
    }

    @Test
    void the_engine_knows_neither_metadata_nor_the_protocol() {
        never("array.engine", "metadata", "reshape");
    }

    @Test
    void the_protocol_knows_no_particular_array_and_no_particular_format() {
        never("reshape", "array.engine", "array.kernel", "array.remote", "metadata.imsm");
    }

    private static void never(String who, String... whom) {
        noClasses()
                .that()
                .resideInAPackage(below(who))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        List.of(whom).stream().map(LayeringTest::below).toArray(String[]::new))
                .because("the two sides of a seam know the seam only")
                .allowEmptyShould(true)
                .check(core);
    }

    @Test
    void only_os_calls_the_system() {
        noClasses()
                .that()
                .resideOutsideOfPackage(below("os"))
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .because("system calls are made in io.restripe.os; add a method there")
                .check(core);
    }
}
