package io.github.grpclb;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.FaultRow;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/** The house: packages in reading order, each of which may use only those before it. */
class ArchitectureTest {

    private static final String ROOT = "io.github.grpclb.";

    /** In reading order; a package stands here with those below it unless they are listed themselves. */
    private static final List<String> ORDER = List.of(
            "discovery",
            "etcd.embedded",
            "etcd",
            "load",
            "policy",
            "policy.builtin",
            "resolver",
            "balancer",
            "client",
            "server",
            "metrics",
            "actuate",
            "autoconfigure",
            "autoconfigure.devh");

    private static final List<String> WITHOUT_SPRING = ORDER.subList(0, ORDER.indexOf("actuate"));

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.github.grpclb");

    static List<String> order() {
        return ORDER;
    }

    @ParameterizedTest
    @MethodSource("order")
    void usesOnlyPackagesAboveIt(String name) {
        String[] below = ORDER.subList(ORDER.indexOf(name) + 1, ORDER.size()).stream()
                .map(later -> ROOT + later)
                .toArray(String[]::new);
        if (below.length > 0) {
            check(noClasses()
                    .that()
                    .resideInAPackage(ROOT + name)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(below));
        }
    }

    @Test
    void hasNoCycles() {
        check(slices().matching(ROOT + "(**)").should().beFreeOfCycles());
    }

    @Test
    void keepsSpringToItsWiring() {
        check(noClasses()
                .that()
                .resideInAnyPackage(
                        WITHOUT_SPRING.stream().map(name -> ROOT + name).toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework..", "net.devh.."));
    }

    @Test
    void keepsNetDevhToItsHost() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "autoconfigure.devh")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("net.devh.."));
    }

    @Test
    void keepsJetcdBehindItsPackage() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + "etcd", ROOT + "etcd.embedded")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.etcd.."));
    }

    /** SECURITY.md promises it. */
    @Test
    void changesNothingThroughTheActuator() {
        check(noMethods()
                .should()
                .beAnnotatedWith(WriteOperation.class)
                .orShould()
                .beAnnotatedWith(DeleteOperation.class));
    }

    /** What is timed is timed by the monotonic clock. A record's {@code startedAt} is a name, compared and never counted with. */
    @Test
    @FaultRow(35)
    void readsTheWallClockForARecordsStartAlone() {
        check(noClasses()
                .that()
                .resideInAnyPackage(
                        ROOT + "discovery..",
                        ROOT + "etcd",
                        ROOT + "load",
                        ROOT + "policy..",
                        ROOT + "client..",
                        ROOT + "server..",
                        ROOT + "resolver..",
                        ROOT + "balancer..")
                .and()
                .doNotBelongToAnyOf(ServerLifecycle.class)
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(LocalDateTime.class, "now")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Clock.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Date.class));
    }

    @Test
    void listsEveryPackage() {
        check(classes()
                .should()
                .resideInAnyPackage(ORDER.stream().map(name -> ROOT + name).toArray(String[]::new)));
    }

    @Test
    void marksEveryPackageForNullChecks() {
        check(classes().should().beAnnotatedWith(NullMarked.class).orShould(resideInANullMarkedPackage()));
    }

    private static ArchCondition<JavaClass> resideInANullMarkedPackage() {
        return ArchCondition.from(new DescribedPredicate<>("reside in a @NullMarked package") {
            @Override
            public boolean test(JavaClass type) {
                return type.getPackage().isAnnotatedWith(NullMarked.class);
            }
        });
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(PRODUCT);
    }
}
