package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.etcd.consumers.EtcdConsumers;
import io.github.grpclb.etcd.override.EtcdOverrides;
import io.github.grpclb.override.OverrideSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** No key can be that of a server, of an override and of a consumer: which prefixes end a start. */
class PrefixesTest {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    GrpcLbAutoConfiguration.class,
                    GrpcLbEtcdAutoConfiguration.class,
                    GrpcLbClientAutoConfiguration.class,
                    GrpcLbConsumersAutoConfiguration.class))
            .withPropertyValues("grpc.lb.consumers.enabled=true", "grpc.lb.etcd.endpoints=http://127.0.0.1:1");

    @ParameterizedTest
    @CsvSource({
        "overrides-prefix, /a/, prefix, /a/",
        "overrides-prefix, /a/b/, prefix, /a/",
        "overrides-prefix, /a/, prefix, /a/b/",
        "overrides-prefix, a/, prefix, ''",
        "consumers-prefix, /a/, prefix, /a/",
        "consumers-prefix, /a/b/, prefix, /a/",
        "consumers-prefix, /a/, prefix, /a/b/",
        "consumers-prefix, a/, prefix, ''",
        "consumers-prefix, /a/, overrides-prefix, /a/",
        "consumers-prefix, /a/b/, overrides-prefix, /a/",
        "consumers-prefix, /a/, overrides-prefix, /a/b/",
        "consumers-prefix, /grpclb-consumers/, overrides-prefix, /grpclb-consumers/",
        "consumers-prefix, /grpclb-overrides/x/, overrides-prefix, /grpclb-overrides/",
    })
    void whereTwoOverlapBothAreNamed(String name, String value, String other, String otherValue) {
        application
                .withPropertyValues("grpc.lb.etcd." + name + "=" + value, "grpc.lb.etcd." + other + "=" + otherValue)
                .run(context -> {
                    assertThat(context).hasFailed();
                    assertThat(context.getStartupFailure()).satisfies(failure -> {
                        Throwable cause = failure;
                        while (!(cause instanceof InvalidPropertyException)) {
                            assertThat(cause).isNotNull();
                            cause = cause.getCause();
                        }
                        assertThat(cause)
                                .hasMessage("grpc.lb.etcd." + name + ": " + value
                                        + " (expected: a prefix apart from grpc.lb.etcd." + other + ", which is '"
                                        + otherValue + "': neither may begin with the other)");
                    });
                });
    }

    @ParameterizedTest
    @CsvSource({
        "/grpclb/, /grpclb-overrides/, /grpclb-consumers/",
        "/a, /ab, /abc",
        "a, b, c",
        "'', /overrides, /consumers",
    })
    void otherwiseAllAreFollowed(String prefix, String overrides, String consumers) {
        application
                .withPropertyValues(
                        "grpc.lb.etcd.prefix=" + prefix,
                        "grpc.lb.etcd.overrides-prefix=" + overrides,
                        "grpc.lb.etcd.consumers-prefix=" + consumers)
                .run(context -> {
                    assertThat(context).hasNotFailed().hasSingleBean(EtcdConsumers.class);
                    assertThat(context.getBean(OverrideSource.class)).isInstanceOf(EtcdOverrides.class);
                });
    }

    @ParameterizedTest
    @CsvSource({"grpc.lb.etcd.overrides-enabled", "grpc.lb.consumers.enabled"})
    void whatIsSwitchedOffIsInNobodysWay(String property) {
        application
                .withPropertyValues(
                        property + "=false", "grpc.lb.etcd.consumers-prefix=/a/", "grpc.lb.etcd.overrides-prefix=/a/")
                .run(context -> assertThat(context).hasNotFailed());
    }
}
