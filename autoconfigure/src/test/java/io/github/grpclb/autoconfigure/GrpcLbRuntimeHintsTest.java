package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.reflection;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.resource;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.github.grpclb.actuate.ExplainSection;
import io.github.grpclb.actuate.PredictSection;
import io.github.grpclb.actuate.TimelineSection;
import io.github.grpclb.balancer.HealthCheckingLoadBalancerProvider;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.balancer.dryrun.Prediction;
import io.github.grpclb.resolver.EndpointNameResolverProvider;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.beans.factory.aot.AotServices;

/** What a native image is told, by all that stands in our {@code aot.factories}. */
final class GrpcLbRuntimeHintsTest {

    private static final RuntimeHints HINTS = new RuntimeHints();

    @BeforeAll
    static void askAll() {
        ClassLoader loader = GrpcLbRuntimeHintsTest.class.getClassLoader();
        AotServices.factories(loader).load(RuntimeHintsRegistrar.class).stream()
                .filter(registrar -> registrar.getClass().getName().startsWith("io.github.grpclb."))
                .forEach(registrar -> registrar.registerHints(HINTS, loader));
    }

    @ParameterizedTest
    @ValueSource(strings = {"io.grpc.LoadBalancerProvider", "io.grpc.NameResolverProvider"})
    void keepsTheServiceFiles(String service) {
        assertThat(resource().forResource("META-INF/services/" + service)).accepts(HINTS);
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                PolicyLoadBalancerProvider.class,
                HealthCheckingLoadBalancerProvider.class,
                EndpointNameResolverProvider.class
            })
    void makesTheServices(Class<?> provider) {
        assertThat(reflection().onType(provider).withMemberCategory(MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS))
                .accepts(HINTS);
    }

    /** What Jackson writes is read by reflection. */
    @ParameterizedTest
    @ValueSource(classes = {PredictSection.Answer.class, Prediction.Share.class, Prediction.Part.class})
    void writesWhatTheActuatorTells(Class<?> record) {
        assertThat(reflection().onType(record).withMemberCategory(MemberCategory.ACCESS_DECLARED_FIELDS))
                .accepts(HINTS);
    }

    @ParameterizedTest
    @MethodSource("boundRecords")
    void readsAndMakesEachRecordOfProperties(String record) throws ClassNotFoundException {
        assertThat(reflection()
                        .onType(Class.forName(record))
                        .withMemberCategories(
                                MemberCategory.INVOKE_DECLARED_CONSTRUCTORS, MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(HINTS);
    }

    /** All records there are in the classes with properties, however they hang together. */
    static List<String> boundRecords() {
        Stream<JavaClass> classes = Stream.concat(
                new ClassFileImporter()
                        .importPackages("io.github.grpclb.autoconfigure.properties").stream()
                                .filter(type -> type.getName().matches(".*(GrpcLb|Client)Properties(\\$.*)?")),
                new ClassFileImporter()
                        .importPackages("io.github.grpclb.autoconfigure.springgrpc").stream()
                                .filter(type -> type.getName().contains("ChannelProperties")));
        return classes.filter(JavaClass::isRecord)
                .map(JavaClass::getName)
                .sorted()
                .toList();
    }

    /** What the endpoint returns is known to Spring; a section returns what it likes. */
    @Test
    void writesWhatSectionsTell() {
        assertThat(reflection().onMethodInvocation(ExplainSection.Calls.class, "failuresByCode"))
                .accepts(HINTS);
        assertThat(reflection().onMethodInvocation(TimelineSection.Event.class, "cause"))
                .accepts(HINTS);
    }

    @Test
    void readsTheTargetsOfSpringGrpcsFactories() throws ReflectiveOperationException {
        Class<?> factory = Class.forName("org.springframework.grpc.client.DefaultGrpcChannelFactory");
        assertThat(reflection().onFieldAccess(factory.getDeclaredField("targets")))
                .accepts(HINTS);
    }

    @Test
    void asksNetDevhForParameters() throws ClassNotFoundException {
        Class<?> parameters = Class.forName("net.devh.boot.grpc.client.inject.GrpcClientConstructorInjection");
        assertThat(reflection().onType(parameters).withMemberCategory(MemberCategory.INVOKE_PUBLIC_METHODS))
                .accepts(HINTS);
        Class<?> parameter = Class.forName("net.devh.boot.grpc.client.inject.GrpcClientConstructorInjection$Registry");
        assertThat(reflection().onType(parameter).withMemberCategory(MemberCategory.INVOKE_PUBLIC_METHODS))
                .accepts(HINTS);
    }
}
