package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.TestApplications.ClientApplication;
import io.github.grpclb.client.InnerInterceptor;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.grpc.GrpcClientObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import net.devh.boot.grpc.client.interceptor.GrpcGlobalClientInterceptor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What an application with net.devh's client says of the server of a call. */
class ServerOfCallIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void theObservationOfACallSaysWhereItWent() {
        opened.add(server(at, "grpc.lb.registration.id=a", "grpc.lb.registration.zone=z1"));
        ConfigurableApplicationContext context = opened.add(client(ObservingApplication.class, at));
        context.getBean(Caller.class).ask();
        List<String> ended = context.getBean(Ended.class).values;
        await().untilAsserted(() -> assertThat(ended)
                .contains("grpc.lb.endpoint.id=a", "grpc.lb.zone=z1", "grpc.lb.policy=round_robin", "grpc.lb.attempt=1")
                .anyMatch(value -> value.startsWith("grpc.lb.endpoint=127.0.0.1:")));
        assertThat(context.getBean(MeterRegistry.class).getMeters())
                .allSatisfy(meter -> assertThat(meter.getId().getTags())
                        .noneMatch(tag -> tag.getKey().startsWith("grpc.lb")));
        assertThat(context.getBean(Ended.class).logged).containsOnly("none");
    }

    @Test
    void theLogSaysItWhereThatIsAskedFor() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context =
                opened.add(client(ObservingApplication.class, at, "grpc.lb.logging.mdc=true"));
        context.getBean(Caller.class).ask();
        assertThat(context.getBean(Ended.class).logged).containsExactly("a");
    }

    @Test
    void withoutObservationsNothingIsAdded() {
        ConfigurableApplicationContext context = opened.add(
                client(
                        ClientApplication.class,
                        at,
                        "spring.autoconfigure.exclude="
                                + "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration"));
        assertThat(context.getBeanNamesForType(InnerInterceptor.class)).isEmpty();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Ended.class})
    static class ObservingApplication {

        @Bean
        @GrpcGlobalClientInterceptor
        ClientInterceptor noting(Ended ended) {
            return ended::intercept;
        }
    }

    /** Notes what the observations of calls had when they ended, and what the log knew then. */
    static class Ended implements ObservationHandler<GrpcClientObservationContext> {

        final List<String> values = new CopyOnWriteArrayList<>();
        final List<String> logged = new CopyOnWriteArrayList<>();

        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof GrpcClientObservationContext;
        }

        @Override
        public void onStop(GrpcClientObservationContext context) {
            context.getHighCardinalityKeyValues().forEach(each -> values.add(each.getKey() + "=" + each.getValue()));
        }

        <Q, R> ClientCall<Q, R> intercept(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<R> listener, Metadata headers) {
                    super.start(
                            new SimpleForwardingClientCallListener<>(listener) {
                                @Override
                                public void onClose(Status status, Metadata trailers) {
                                    String id = MDC.get("grpc.lb.endpoint.id");
                                    logged.add(id == null ? "none" : id);
                                    super.onClose(status, trailers);
                                }
                            },
                            headers);
                }
            };
        }
    }
}
