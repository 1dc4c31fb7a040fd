package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.SelfSigned;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.context.properties.ConfigurationPropertiesReportEndpoint;
import org.springframework.boot.actuate.context.properties.ConfigurationPropertiesReportEndpoint.ConfigurationPropertiesDescriptor;
import org.springframework.boot.actuate.env.EnvironmentEndpoint;
import org.springframework.boot.actuate.env.EnvironmentEndpoint.EnvironmentDescriptor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** A password that must be seen nowhere: not in the log, in a message, in the actuator, in a text. */
@FaultRow({18, 49})
@ExtendWith(OutputCaptureExtension.class)
class SecretsIT {

    private static final String CANARY = "canary-s3cret";
    private static final String[] WITH_ALL_TO_BE_SEEN = {
        "grpc.lb.etcd.username=svc",
        "grpc.lb.etcd.password=" + CANARY,
        "grpc.lb.xds.token=" + CANARY,
        "logging.level.io.github.grpclb=trace",
        "spring.jmx.enabled=true",
        "management.endpoints.jmx.exposure.include=*",
        "management.endpoint.env.show-values=always",
        "management.endpoint.configprops.show-values=always"
    };

    @TempDir
    Path directory;

    @Test
    void isNotSeenOfAnApplicationThatEtcdRefuses(CapturedOutput output) throws Exception {
        SelfSigned key = SelfSigned.create(directory, "bundle", "san=ip:127.0.0.1");
        try (EtcdProcess etcd = withUsers();
                ConfigurableApplicationContext context = TestApplications.server(and(
                        "grpc.lb.etcd.endpoints=" + etcd.endpoint(),
                        "spring.ssl.bundle.pem.unused.truststore.certificate=" + key.certificate()))) {
            EtcdConnection connection = context.getBean(EtcdConnection.class);
            await().until(() -> connection.refusedBecause() != null);
            String health = context.getBean("grpcLbHealthIndicator", HealthIndicator.class)
                    .health()
                    .getDetails()
                    .toString();
            assertThat(health).contains("authentication failed", "the credentials in grpc.lb.etcd.*");
            assertThat(health).doesNotContain(CANARY);
            assertThat(context.getBean(GrpcLbEndpoint.class).describe().toString())
                    .doesNotContain(CANARY);
            assertThat(properties(context))
                    .contains("grpc.lb.etcd.password=******", "grpc.lb.xds.token=******")
                    .doesNotContain(CANARY);
            assertThat(beans(context)).contains("grpc.lb").doesNotContain(CANARY);
            assertThat(context.getBean(GrpcLbProperties.class).toString()).doesNotContain(CANARY);
            assertThat(connection.options().toString()).doesNotContain(CANARY);
        }
        assertThat(output).contains("authentication failed").doesNotContain(CANARY);
    }

    private static EtcdProcess withUsers() {
        EtcdProcess etcd = EtcdServers.startProcess();
        try (RawEtcd operator = new RawEtcd(etcd.endpoint())) {
            operator.enableAuth("other", "password", "/grpclb/");
        }
        return etcd;
    }

    @Test
    void isNotSeenWhereTheStartFailsForIt(CapturedOutput output) {
        try (EtcdProcess etcd = withUsers()) {
            Throwable failure = catchThrowable(() -> TestApplications.client(
                            and("grpc.lb.etcd.fail-fast=true", "grpc.lb.etcd.endpoints=" + etcd.endpoint()))
                    .close());
            assertThat(stackTrace(failure)).contains("authentication failed").doesNotContain(CANARY);
        }
        assertThat(output)
                .contains("Property: grpc.lb.etcd.username", "authentication failed")
                .doesNotContain(CANARY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "grpc.lb.etcd.endpoints=http://svc:" + CANARY + "@127.0.0.1:2379",
                "grpc.lb.etcd.endpoints=https://" + CANARY + "@127.0.0.1:2379",
                "grpc.lb.etcd.endpoints=http://127.0.0.1:2379,svc:" + CANARY + "@127.0.0.1",
                "grpc.lb.etcd.username=",
            })
    void isNotSeenWhereAPropertyIsWrong(String property, CapturedOutput output) {
        Throwable failure =
                catchThrowable(() -> TestApplications.client(and(property)).close());
        assertThat(stackTrace(failure)).contains("grpc.lb.etcd.").doesNotContain(CANARY);
        assertThat(output).contains("APPLICATION FAILED TO START").doesNotContain(CANARY);
    }

    @Test
    void thatOfAKeyIsNotSeenWhereTheKeyCannotBeRead(CapturedOutput output) throws Exception {
        SelfSigned own = SelfSigned.create(directory, "own", "san=ip:127.0.0.1");
        Path garbage = Files.writeString(
                directory.resolve("garbage.key"),
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
        Throwable failure = catchThrowable(() -> TestApplications.client(
                        "grpc.lb.etcd.endpoints=https://127.0.0.1:1",
                        "grpc.lb.etcd.fail-fast=true",
                        "grpc.lb.etcd.ssl.bundle=etcd",
                        "spring.ssl.bundle.pem.etcd.truststore.certificate=" + own.certificate(),
                        "spring.ssl.bundle.pem.etcd.keystore.certificate=" + own.certificate(),
                        "spring.ssl.bundle.pem.etcd.keystore.private-key=" + garbage,
                        "spring.ssl.bundle.pem.etcd.keystore.private-key-password=" + CANARY)
                .close());
        assertThat(stackTrace(failure)).contains("etcd").doesNotContain(CANARY);
        assertThat(output).doesNotContain(CANARY);
    }

    private static String properties(ConfigurableApplicationContext context) {
        EnvironmentDescriptor all = context.getBean(EnvironmentEndpoint.class).environment(null);
        return all.getPropertySources().stream()
                .flatMap(source -> source.getProperties().entrySet().stream())
                .map(entry -> entry.getKey() + "=" + entry.getValue().getValue())
                .collect(Collectors.joining("\n"));
    }

    private static String beans(ConfigurableApplicationContext context) {
        ConfigurationPropertiesDescriptor all =
                context.getBean(ConfigurationPropertiesReportEndpoint.class).configurationProperties();
        return all.getContexts().values().stream()
                .flatMap(each -> each.getBeans().values().stream())
                .map(bean -> bean.getPrefix() + bean.getProperties() + bean.getInputs())
                .collect(Collectors.joining("\n"));
    }

    private static String stackTrace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private static String[] and(String... more) {
        String[] all = new String[WITH_ALL_TO_BE_SEEN.length + more.length];
        System.arraycopy(WITH_ALL_TO_BE_SEEN, 0, all, 0, WITH_ALL_TO_BE_SEEN.length);
        System.arraycopy(more, 0, all, WITH_ALL_TO_BE_SEEN.length, more.length);
        return all;
    }
}
