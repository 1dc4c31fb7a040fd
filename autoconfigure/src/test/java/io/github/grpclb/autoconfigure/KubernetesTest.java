package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties.Kubernetes;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.kubernetes.KubernetesEndpointSource;
import io.github.grpclb.kubernetes.KubernetesOptions;
import io.github.grpclb.test.FakeRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Kubernetes as the registry of an application: which beans there are, and what is said of settings that do not fit. */
class KubernetesTest {

    private static final String API = "grpc.lb.kubernetes.api-server=http://127.0.0.1:8001";
    private static final Supplier<KubernetesOptions> POD =
            () -> KubernetesOptions.of(URI.create("https://10.0.0.1:443"), "own")
                    .withToken(Path.of("token"))
                    .withCa(Path.of("ca.crt"));

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    GrpcLbAutoConfiguration.class,
                    GrpcLbEtcdAutoConfiguration.class,
                    GrpcLbKubernetesAutoConfiguration.class,
                    GrpcLbClientAutoConfiguration.class,
                    GrpcLbServerAutoConfiguration.class));

    @ParameterizedTest
    @ValueSource(strings = {"kubernetes", "KUBERNETES", " Kubernetes "})
    void takesThePlaceOfEtcd(String written) {
        application.withPropertyValues("grpc.lb.registry=" + written, API).run(context -> assertThat(context)
                .hasNotFailed()
                .hasSingleBean(KubernetesEndpointSource.class)
                .doesNotHaveBean(EtcdConnection.class)
                .doesNotHaveBean(EndpointRegistrar.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "etcd", "Etcd"})
    void isNotThereWhereItIsNotChosen(String written) {
        application
                .withPropertyValues("grpc.lb.registry=" + written, API)
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(EtcdConnection.class));
    }

    @Test
    void leavesASourceOfTheApplicationsOwn() {
        FakeRegistry own = new FakeRegistry();
        own.put(Endpoint.builder("greeter", "127.0.0.1", 1).build());
        application
                .withBean(FakeRegistry.class, () -> own)
                .withPropertyValues("grpc.lb.registry=kubernetes")
                .run(context ->
                        assertThat(context.getBean(EndpointSource.class)).isSameAs(own));
    }

    @Test
    void saysWhichRegistriesThereAre() {
        application
                .withPropertyValues("grpc.lb.registry=consul")
                .run(context -> assertThat(context).getFailure().rootCause().hasMessageContaining("consul"));
        application.withPropertyValues("grpc.lb.registry=consul").run(context -> assertThat(context)
                .getFailure()
                .hasStackTraceContaining(BindException.class.getName()));
    }

    @Test
    void endsTheStartWithTheDependencyToAdd() {
        application
                .withClassLoader(new FilteredClassLoader("io.github.grpclb.kubernetes"))
                .withPropertyValues("grpc.lb.registry=kubernetes", API)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidPropertyException.class)
                        .hasMessageContainingAll("grpc.lb.registry", "io.github.grpclb:grpc-lb-kubernetes"));
    }

    @Test
    void saysWhatIsMissingOutsideOfAPod() {
        application
                .withPropertyValues("grpc.lb.registry=kubernetes")
                .run(context ->
                        assertThat(context).getFailure().rootCause().hasMessageContaining("KUBERNETES_SERVICE_HOST"));
        application.withPropertyValues("grpc.lb.registry=kubernetes").run(context -> assertThat(context)
                .getFailure()
                .hasStackTraceContaining("grpc.lb.kubernetes.api-server"));
    }

    @ParameterizedTest
    @CsvSource({
        "grpc.lb.kubernetes.api-server=ftp://10.0.0.1, api-server",
        "grpc.lb.kubernetes.api-server=no url, api-server",
        "grpc.lb.kubernetes.namespace=No_Name, namespace",
    })
    void namesWhatDoesNotFit(String property, String name) {
        application
                .withPropertyValues("grpc.lb.registry=kubernetes", API, property)
                .run(context -> assertThat(context).getFailure().hasStackTraceContaining("grpc.lb.kubernetes." + name));
    }

    @Test
    void aTokenIsNotSentInPlaintext() {
        Kubernetes remote = new Kubernetes("http://10.0.0.1:8001", null, "/var/run/token", null);
        assertThatThrownBy(() -> new KubernetesSettings(remote, POD).options())
                .isInstanceOf(InvalidPropertyException.class)
                .hasMessageContainingAll("grpc.lb.kubernetes.api-server", "https");
    }

    @Test
    void aPodsOwnSettingsHoldButForThoseThatAreSet() {
        KubernetesOptions untouched = new KubernetesSettings(new Kubernetes(null, null, null, null), POD).options();
        assertThat(untouched).isEqualTo(POD.get());
        KubernetesOptions changed =
                new KubernetesSettings(new Kubernetes(null, "shop", "other-token", "other-ca"), POD).options();
        assertThat(changed)
                .isEqualTo(POD.get()
                        .withNamespace("shop")
                        .withToken(Path.of("other-token"))
                        .withCa(Path.of("other-ca")));
    }

    @Test
    void nothingOfAPodsHoldsForAnotherApiServer() {
        KubernetesOptions options =
                new KubernetesSettings(new Kubernetes("http://127.0.0.1:8001", null, null, null), POD).options();
        assertThat(options).isEqualTo(KubernetesOptions.of(URI.create("http://127.0.0.1:8001"), "default"));
    }
}
