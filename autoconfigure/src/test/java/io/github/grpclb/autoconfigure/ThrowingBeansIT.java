package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.CallOptions;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Beans of the user that throw, in applications over a real etcd. */
@ExtendWith(OutputCaptureExtension.class)
@FaultRow(50)
class ThrowingBeansIT {

    private static final String ON_PURPOSE = "thrown on purpose";

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @ParameterizedTest
    @ValueSource(classes = {WithPolicy.class, WithObservers.class, WithRegistry.class})
    void watchAndChannelSurvive(Class<?> application, CapturedOutput output) {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        Caller caller = opened.add(client(application, at, "grpc.lb.policy=" + policyOf(application)))
                .getBean(Caller.class);
        for (int i = 0; i < 20; i++) {
            assertThat(caller.ask()).isEqualTo("a");
        }
        opened.add(server(at, "grpc.lb.registration.id=b"));
        awaitAnswer(caller, "b");
        // each of our kinds of callback says it once, whatever the number of calls
        assertThat(output.toString().split("said once", -1).length - 1).isBetween(1, 6);
        assertThat(output).contains(ON_PURPOSE).doesNotContain("Panic!");
    }

    @Test
    void aServerWithThrowingObserversIsRegisteredAgain(CapturedOutput output) {
        opened.add(TestApplications.start(
                ServerWithObservers.class,
                Map.of(
                        "grpc.server.port", "0",
                        "grpc.server.address", "127.0.0.1",
                        "grpc.lb.registration.service", "greeter"),
                at));
        for (int i = 0; i < 3; i++) {
            await().untilAsserted(() -> assertThat(operator.all()).hasSize(1));
            operator.deleteAll("/grpclb/");
        }
        await().untilAsserted(() -> assertThat(operator.all()).hasSize(1));
        assertThat(output.toString().split("said once", -1).length - 1).isBetween(1, 3);
    }

    @Test
    void aListenerThatThrowsIsSaidOnce(CapturedOutput output) {
        ConfigurableApplicationContext context = opened.add(client(at));
        EndpointSource source = context.getBean(EndpointSource.class);
        source.subscribe("greeter", new Throwing());
        opened.add(server(at, "grpc.lb.registration.id=a"));
        Caller caller = context.getBean(Caller.class);
        assertThat(caller.ask()).isEqualTo("a");
        for (int weight = 2; weight < 10; weight++) {
            operator.put("/grpclb/greeter/x" + weight, "127.0.0.1:1");
            int expected = weight;
            await().until(() -> Throwing.heard >= expected);
        }
        assertThat(output.toString().split("A listener or observer failed", -1)).hasSize(2);
        assertThat(caller.ask()).isEqualTo("a");
    }

    private static String policyOf(Class<?> application) {
        return application == WithPolicy.class ? "throwing" : "round_robin";
    }

    private static void awaitAnswer(Caller caller, String id) {
        await().atMost(Duration.ofSeconds(10)).until(() -> {
            String answer = caller.ask(CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(5, TimeUnit.SECONDS));
            return answer.equals(id);
        });
    }

    private static IllegalStateException onPurpose() {
        return new IllegalStateException(ON_PURPOSE);
    }

    static class Throwing implements EndpointListener {

        private static volatile int heard;

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            heard++;
            throw onPurpose();
        }

        @Override
        public void onUnavailable(String reason) {
            throw onPurpose();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(TestApplications.ClientApplication.class)
    static class WithPolicy {

        @Bean
        Policy throwing() {
            return new Policy() {
                @Override
                public String name() {
                    return "throwing";
                }

                @Override
                public Picker picker(List<Candidate> known, List<Candidate> ready) {
                    throw onPurpose();
                }
            };
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import({TestApplications.ClientApplication.class, Observers.class})
    static class WithObservers {}

    @Configuration(proxyBeanMethods = false)
    @Import({TestApplications.ServerApplication.class, Observers.class})
    static class ServerWithObservers {}

    @Configuration(proxyBeanMethods = false)
    static class Observers {

        @Bean
        PickObserver throwingPickObserver() {
            return new PickObserver() {
                @Override
                public void callStarted(Endpoint endpoint, String policy) {
                    throw onPurpose();
                }

                @Override
                public void callFinished(
                        Endpoint endpoint, String policy, Status.Code status, CallOutcome outcome, long nanos) {
                    throw onPurpose();
                }
            };
        }

        @Bean
        RegistryObserver throwingEtcdObserver() {
            return new RegistryObserver() {
                @Override
                public void registered(Endpoint endpoint) {
                    throw onPurpose();
                }

                @Override
                public void lost(Endpoint endpoint, Loss reason) {
                    throw onPurpose();
                }
            };
        }
    }

    /** Takes meters while the application starts, as net.devh's are not ours to guard; then those of ours fail. */
    @Configuration(proxyBeanMethods = false)
    @Import(TestApplications.ClientApplication.class)
    static class WithRegistry {

        @Bean
        MeterRegistry throwingRegistry() {
            return new SimpleMeterRegistry() {
                @Override
                protected Counter newCounter(Meter.Id id) {
                    requireForeign(id);
                    return super.newCounter(id);
                }

                @Override
                protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauseDetector) {
                    requireForeign(id);
                    return super.newTimer(id, config, pauseDetector);
                }

                private void requireForeign(Meter.Id id) {
                    if (id.getName().startsWith("grpc.lb.")) {
                        throw onPurpose();
                    }
                }
            };
        }
    }
}
