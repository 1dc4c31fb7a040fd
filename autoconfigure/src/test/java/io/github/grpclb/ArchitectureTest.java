package io.github.grpclb;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static io.github.grpclb.ArchitectureRules.filesOf;
import static io.github.grpclb.ArchitectureRules.packagesOfMoreThan;
import static io.github.grpclb.ArchitectureRules.readsTheWallClock;
import static io.github.grpclb.ArchitectureRules.showOnly;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import io.github.grpclb.actuate.GrpcLbOperations;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.FaultRow;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContext;
import java.time.Clock;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.context.annotation.Bean;

/** The house: packages in reading order, each of which may use only those before it. */
class ArchitectureTest {

    private static final String ROOT = "io.github.grpclb.";

    /** In reading order; a package stands here with those below it unless they are listed themselves. */
    private static final List<String> ORDER = List.of(
            "discovery",
            "timeline",
            "discovery.stale",
            "discovery.hosts",
            "discovery.follow",
            "discovery.snapshot",
            "override",
            "load",
            "policy",
            "policy.builtin",
            "resolver",
            "balancer.config",
            "balancer.connection",
            "balancer.explain",
            "balancer.pick",
            "balancer",
            "balancer.dryrun",
            "client",
            "server",
            "metrics",
            "etcd.embedded",
            "test",
            "etcd.record",
            "etcd.client",
            "etcd.announce",
            "etcd.consumers",
            "etcd.follow",
            "etcd.override",
            "kubernetes",
            "xds.config",
            "xds.resource",
            "xds.load",
            "xds.ads",
            "xds.metrics",
            "xds",
            "actuate",
            "autoconfigure.properties",
            "autoconfigure",
            "autoconfigure.connection",
            "autoconfigure.devh",
            "autoconfigure.springgrpc",
            "autoconfigure.xds",
            "test.spring");

    private static final List<String> WITHOUT_SPRING = ORDER.subList(0, ORDER.indexOf("actuate"));

    /** The packages that know a host: the Spring starters over gRPC. */
    private static final List<String> HOSTS = List.of("autoconfigure.devh", "autoconfigure.springgrpc");

    /** The registries, each of which a user may leave out. */
    private static final List<String> REGISTRIES = List.of("etcd", "kubernetes");

    /** A reader holds four files at once; of more, none may need each other in a circle. */
    private static final int FILES_AT_ONCE = 4;

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("fixtures"))
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

    @ParameterizedTest
    @MethodSource("hosts")
    void aHostKnowsNoOther(String host) {
        check(noClasses()
                .that()
                .resideInAPackage(ROOT + host + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(HOSTS.stream()
                        .filter(other -> !other.equals(host))
                        .map(other -> ROOT + other + "..")
                        .toArray(String[]::new)));
    }

    static List<String> hosts() {
        return HOSTS;
    }

    @ParameterizedTest
    @MethodSource("registries")
    void aRegistryKnowsNoOther(String registry) {
        check(noClasses()
                .that()
                .resideInAPackage(ROOT + registry + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(REGISTRIES.stream()
                        .filter(other -> !other.equals(registry))
                        .map(other -> ROOT + other + "..")
                        .toArray(String[]::new)));
    }

    static List<String> registries() {
        return REGISTRIES;
    }

    /** Its promise is that it needs nothing which an application with gRPC does not have. */
    @Test
    void keepsKubernetesToFewLibraries() {
        check(classes()
                .that()
                .resideInAPackage(ROOT + "kubernetes")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl..",
                        ROOT + "discovery..",
                        ROOT + "kubernetes",
                        "com.google.gson..",
                        "org.slf4j..",
                        "org.jspecify.."));
    }

    @ParameterizedTest
    @MethodSource("largePackages")
    void hasNoCyclesOfFiles(String name) {
        check(slices().assignedFrom(filesOf(name)).should().beFreeOfCycles());
    }

    static List<String> largePackages() {
        return packagesOfMoreThan(FILES_AT_ONCE, PRODUCT);
    }

    /** What a user compiles against is ours, gRPC's, Micrometer's and the JDK's; Spring's and the host's where these are wired. */
    @Test
    void showsNobodyElsesTypes() {
        check(classes()
                .that()
                .resideInAnyPackage(
                        WITHOUT_SPRING.stream().map(name -> ROOT + name).toArray(String[]::new))
                .should(showOnly("java.", "javax.net.ssl.", ROOT, "io.grpc.", "io.micrometer.")));
        check(classes()
                .should(showOnly(
                        "java.",
                        "javax.net.ssl.",
                        ROOT,
                        "io.grpc.",
                        "io.micrometer.",
                        "org.springframework.",
                        "net.devh.")));
    }

    @Test
    void findsTypesOfOthersInSignatures() {
        JavaClasses builder = new ClassFileImporter().importClasses(NettyChannelBuilder.class);
        assertThat(classes()
                        .should(showOnly("java.", "io.grpc."))
                        .evaluate(builder)
                        .getFailureReport()
                        .getDetails())
                .contains(NettyChannelBuilder.class.getName() + " shows " + SslContext.class.getName());
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
    void keepsSpringGrpcToItsHost() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "autoconfigure.springgrpc")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework.grpc..", "org.springframework.boot.grpc.."));
    }

    /** What it has beside is in another place in each version. */
    @Test
    void usesNothingOfSpringGrpcButItsCore() {
        check(noClasses().should().dependOnClassesThat().resideInAPackage("org.springframework.boot.grpc.."));
    }

    @Test
    void keepsJetcdBehindItsPackage() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "etcd..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.etcd.."));
    }

    /** SECURITY.md promises it. */
    @Test
    void changesSomethingThroughTheActuatorInOnePlaceAlone() {
        check(noMethods()
                .that()
                .areNotDeclaredIn(GrpcLbOperations.class)
                .should()
                .beAnnotatedWith(WriteOperation.class)
                .orShould()
                .beAnnotatedWith(DeleteOperation.class));
    }

    /** What Spring generates ahead of time names the types of beans from outside the classes that declare them. */
    @Test
    void declaresNoBeanOfAPrivateType() {
        check(methods()
                .that()
                .areAnnotatedWith(Bean.class)
                .should()
                .notBePrivate()
                .andShould()
                .notHaveRawReturnType(DescribedPredicate.describe(
                        "a private type", type -> type.getModifiers().contains(JavaModifier.PRIVATE))));
    }

    /**
     * What is timed is timed by the monotonic clock. A record's {@code startedAt} is a name, compared and never counted with; the age of
     * a list on disk outlives the process, and with it the monotonic clock; an override says since and until when it is, for people and
     * for processes that have not begun.
     */
    @Test
    @FaultRow(35)
    void readsTheWallClockForWhatOutlivesTheProcessAlone() {
        check(noClasses()
                .that()
                .resideInAnyPackage(
                        WITHOUT_SPRING.stream().map(name -> ROOT + name).toArray(String[]::new))
                .and()
                .doNotBelongToAnyOf(ServerLifecycle.class)
                .and()
                .doNotHaveFullyQualifiedName(ROOT + "discovery.snapshot.SnapshotStore")
                .and()
                .doNotHaveFullyQualifiedName(ROOT + "etcd.override.EtcdOverrideStore")
                .should()
                .accessTargetWhere(readsTheWallClock())
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Clock.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Date.class));
    }

    @ParameterizedTest
    @ValueSource(classes = {AsksTheWallClock.class, RefersToTheWallClock.class})
    void findsEveryWayToTheWallClock(Class<?> type) {
        JavaClasses reader = new ClassFileImporter().importClasses(type);
        assertThat(noClasses()
                        .should()
                        .accessTargetWhere(readsTheWallClock())
                        .evaluate(reader)
                        .hasViolation())
                .isTrue();
    }

    private static final class AsksTheWallClock {
        final long now = System.currentTimeMillis();
    }

    private static final class RefersToTheWallClock {
        final Supplier<Instant> now = Instant::now;
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
