package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.override.EtcdOverrideStore;
import io.github.grpclb.etcd.override.EtcdOverrides;
import io.github.grpclb.override.OverriddenSource;
import io.github.grpclb.override.OverrideSource;
import io.github.grpclb.override.OverrideStore;
import io.github.grpclb.test.FakeRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Which beans an application has for overrides. */
@ExtendWith(OutputCaptureExtension.class)
class OverridesTest {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    GrpcLbAutoConfiguration.class,
                    GrpcLbEtcdAutoConfiguration.class,
                    GrpcLbKubernetesAutoConfiguration.class,
                    GrpcLbClientAutoConfiguration.class));

    @Test
    void areFollowedAndCanBePut() {
        application.run(context -> {
            assertThat(context.getBean(EndpointSource.class)).isInstanceOf(OverriddenSource.class);
            assertThat(context.getBean(OverrideSource.class)).isInstanceOf(EtcdOverrides.class);
            assertThat(context.getBean(OverrideStore.class)).isInstanceOf(EtcdOverrideStore.class);
        });
    }

    @Test
    void areNotWhereTheyAreSwitchedOff() {
        application
                .withPropertyValues("grpc.lb.etcd.overrides-enabled=off", "grpc.lb.etcd.overrides-prefix=/grpclb/")
                .run(context -> {
                    assertThat(context.getBean(EndpointSource.class)).isInstanceOf(EtcdEndpointSource.class);
                    assertThat(context).doesNotHaveBean(OverrideSource.class).doesNotHaveBean(OverrideStore.class);
                });
    }

    @Test
    void areNotThereForKubernetes() {
        application
                .withPropertyValues(
                        "grpc.lb.registry=kubernetes", "grpc.lb.kubernetes.api-server=http://127.0.0.1:8001")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(OverrideSource.class)
                        .doesNotHaveBean(OverrideStore.class));
    }

    @Test
    void leaveASourceOfTheApplicationsOwn() {
        FakeRegistry own = new FakeRegistry();
        application.withBean(FakeRegistry.class, () -> own).run(context -> {
            assertThat(context.getBean(EndpointSource.class)).isSameAs(own);
            assertThat(context).hasSingleBean(OverrideSource.class);
        });
    }

    @Test
    void areOffWhereTheirDefaultPrefixIsTheServers(CapturedOutput output) {
        application.withPropertyValues("grpc.lb.etcd.prefix=/").run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context.getBean(OverrideSource.class)).isSameAs(OverrideSource.NONE);
            assertThat(context.getBean(OverrideStore.class).list(null)).isCompletedExceptionally();
            assertThat(output)
                    .contains("Nothing is overridden: grpc.lb.etcd.overrides-prefix: '/grpclb-overrides/' (expected: a"
                            + " prefix apart from grpc.lb.etcd.prefix, which is '/'");
        });
        application
                .withPropertyValues("grpc.lb.etcd.prefix=/", "grpc.lb.etcd.overrides-prefix=overrides")
                .run(context ->
                        assertThat(context.getBean(OverrideSource.class)).isInstanceOf(EtcdOverrides.class));
    }
}
