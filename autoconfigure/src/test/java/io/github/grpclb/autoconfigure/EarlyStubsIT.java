package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.autoconfigure.properties.ConfigurationChecksThread;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.transport.Propagator;
import io.micrometer.observation.transport.SenderContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelFactory;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.client.inject.GrpcClientBean;
import net.devh.boot.grpc.client.interceptor.GlobalClientInterceptorConfigurer;
import net.devh.boot.grpc.client.interceptor.GrpcGlobalClientInterceptor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Scope;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.annotation.Order;

/** Stubs and channels that are made before an application's other beans, by every way that Spring and net.devh have. */
@ExtendWith(OutputCaptureExtension.class)
class EarlyStubsIT {

    private static final String NOT_ELIGIBLE = "is not eligible for getting processed";
    private static final Metadata.Key<String> TRACEPARENT =
            Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
    private static final String[] OTHER_NAME = {
        "grpc.lb.clients.hello.service=greeter", "grpc.lb.clients.hello.policy=weighted_round_robin"
    };

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @ParameterizedTest
    @ValueSource(
            classes = {
                OfAConstructor.class,
                OfABeanMethod.class,
                OfAPrototype.class,
                OfAClientBean.class,
                OfAPostProcessor.class,
                OfAPostProcessorWithAStub.class,
                OfAnEarlyPostProcessor.class,
                OfAFactoryPostProcessor.class,
                OfAFactoryBean.class,
                OfOwnProperties.class
            })
    void findTheServersThatAreRegistered(Class<?> application) {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(application, at, OTHER_NAME[0], OTHER_NAME[1]));

        assertThat(context.getBean(Asker.class).ask()).isEqualTo("a");
        assertThat(context.getBean(Caller.class).ask()).isEqualTo("a");
        MeterRegistry registry = context.getBean(MeterRegistry.class);
        assertThat(registry.get("grpc.lb.calls.started")
                        .tag("policy", "weighted_round_robin")
                        .counter()
                        .count())
                .isOne();
        assertThat(registry.get("grpc.client.attempt.started").counter().count())
                .isEqualTo(2);
        assertThat(names(registry)).contains("jvm.memory.used");
    }

    @Test
    void areMadeAnewForEachPrototype() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(OfAPrototype.class, at, OTHER_NAME[0]));
        Asker first = context.getBean(Asker.class);
        Asker second = context.getBean(Asker.class);
        assertThat(second).isNotSameAs(first);
        assertThat(first.ask() + second.ask()).isEqualTo("aa");
    }

    @Test
    void goToFixedServersAndToAddressesOfTheirOwn() throws Exception {
        try (TestServer fixed = TestServer.start("fixed");
                TestServer own = TestServer.start("own")) {
            ConfigurableApplicationContext context = opened.add(client(
                    OfAConstructor.class,
                    at,
                    "grpc.lb.static.hello=127.0.0.1:" + fixed.port(),
                    "grpc.client.greeter.address=dns:///127.0.0.1:" + own.port()));
            assertThat(context.getBean(Asker.class).ask()).isEqualTo("fixed");
            assertThat(context.getBean(Caller.class).ask()).isEqualTo("own");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "OfAConstructor, true, 0",
        "OfAConstructor, false, 0",
        "OfABeanMethod, true, 0",
        "OfAPostProcessor, true, 99"
    })
    void leaveTheApplicationItsMeters(String name, String enabled, int mayWarn, CapturedOutput output)
            throws Exception {
        Class<?> application = Class.forName(EarlyStubsIT.class.getName() + "$" + name);
        String[] properties = {at, "grpc.lb.enabled=" + enabled, "management.metrics.tags.team=blue"};
        Set<String> withFields = names(opened.add(client(TestApplications.ClientApplication.class, properties))
                .getBean(MeterRegistry.class));
        assertThat(output).doesNotContain(NOT_ELIGIBLE);
        MeterRegistry registry = opened.add(client(application, properties)).getBean(MeterRegistry.class);

        assertThat(names(registry)).isEqualTo(withFields).contains("jvm.memory.used");
        assertThat(registry.getMeters())
                .allMatch(meter -> "blue".equals(meter.getId().getTag("team")));
        List<String> warnings = output.getOut()
                .lines()
                .filter(line -> line.contains(NOT_ELIGIBLE))
                .toList();
        assertThat(warnings)
                .hasSizeLessThanOrEqualTo(mayWarn)
                .noneMatch(line -> line.matches(".*(MeterRegistry|ObservationRegistry).*"));
    }

    @ParameterizedTest
    @ValueSource(classes = {OfAConstructor.class, OfAPostProcessor.class})
    void areTraced(Class<?> application) {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(application, at, OTHER_NAME[0]));
        context.getBean(Asker.class).ask();
        context.getBean(Caller.class).ask();
        assertThat(context.getBean(Tracer.class).sent).containsExactly("00-1-2-01", "00-1-2-01");
    }

    @Test
    void areInterceptedInOrder() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(Sorted.class, at));
        Sorted application = context.getBean(Sorted.class);
        TestServer.ask(application.unsorted, CallOptions.DEFAULT.withWaitForReady());
        assertThat(application.order).containsExactly("first", "third", "configured", "second");
        application.order.clear();
        TestServer.ask(application.sorted, CallOptions.DEFAULT.withWaitForReady());
        TestServer.ask(application.sorted, CallOptions.DEFAULT.withWaitForReady());
        assertThat(application.order)
                .containsExactly("first", "second", "third", "configured", "first", "second", "third", "configured");
    }

    @Test
    void endTheStartWhenTheirInterceptorsCannotBeMade() {
        assertThatThrownBy(() -> client(WithABadInterceptor.class, at)).hasMessageContaining("cannot be configured");
    }

    @Test
    void mayBeHadByWhatARegistryIsMadeWith() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext context = opened.add(client(AFilterWithAStub.class, at));
        assertThat(context.getBean(Caller.class).ask()).isEqualTo("a");
        Set<String> names = names(context.getBean(MeterRegistry.class));
        assertThat(names).contains("grpc.lb.calls.started", "grpc.client.attempt.started", "jvm.memory.used");
        assertThat(names).noneMatch(name -> name.startsWith("system."));
    }

    @Test
    void areNotWarnedOfAsUnusedWhenTheyAreToBeMadeLater(CapturedOutput output) {
        opened.add(client(OfAPrototype.class, at, OTHER_NAME[0], "grpc.lb.clients.nobody.service=x"));
        ConfigurationChecksThread.awaitEnd();
        assertThat(output).contains("grpc.lb.clients.nobody has had no effect").doesNotContain("clients.hello has");
    }

    private static Set<String> names(MeterRegistry registry) {
        return registry.getMeters().stream()
                .map(Meter::getId)
                .map(Meter.Id::getName)
                .filter(name -> !name.equals("jvm.gc.pause")) // is there after the first one
                .collect(Collectors.toCollection(TreeSet::new));
    }

    static class Asker {

        private final Channel channel;

        Asker(@GrpcClient("hello") Channel channel) {
            this.channel = channel;
        }

        String ask() {
            return TestServer.ask(
                    channel, CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(10, TimeUnit.SECONDS));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class, Tracer.class})
    static class OfAConstructor {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class OfABeanMethod {

        @Bean
        Asker asker(GrpcChannelFactory other, @GrpcClient("hello") Channel channel) {
            assertThat(other).isNotNull();
            return new Asker(channel);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class OfAPrototype {

        @Bean
        @Scope("prototype")
        Asker asker(@GrpcClient("hello") Channel channel) {
            return new Asker(channel);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @GrpcClientBean(clazz = Channel.class, beanName = "hello", client = @GrpcClient("hello"))
    @Import(Caller.class)
    static class OfAClientBean {

        @Bean
        @Lazy
        Asker asker(Channel hello) {
            return new Asker(hello);
        }
    }

    /** As libraries do that want to be everywhere. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Tracer.class})
    static class OfAPostProcessor {

        @Bean
        static BeanPostProcessor early(GrpcChannelFactory channels) {
            return new Early(channels.createChannel("hello"));
        }

        @Bean
        Asker asker(ObjectProvider<BeanPostProcessor> early) {
            return early.stream()
                    .filter(Early.class::isInstance)
                    .map(Early.class::cast)
                    .map(it -> new Asker(it.hello))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private record Early(Channel hello) implements BeanPostProcessor, PriorityOrdered {

        @Override
        public int getOrder() {
            return 0;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class, WithAStub.class})
    static class OfAPostProcessorWithAStub {}

    static class WithAStub implements BeanPostProcessor {

        @GrpcClient("hello")
        private Channel hello;
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class})
    static class OfAnEarlyPostProcessor {

        @Bean
        static PriorityPostProcessor priority(GrpcChannelFactory channels) {
            channels.createChannel("hello");
            return new PriorityPostProcessor();
        }
    }

    /** Comes before the one that binds properties. */
    static class PriorityPostProcessor implements BeanPostProcessor, PriorityOrdered {

        @Override
        public int getOrder() {
            return HIGHEST_PRECEDENCE;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class})
    static class OfAFactoryPostProcessor {

        @Bean
        static BeanFactoryPostProcessor earliest() {
            return beans -> beans.getBean(GrpcChannelFactory.class).createChannel("hello");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class, Made.class})
    static class OfAFactoryBean {}

    /** Has to be made before Spring knows what it makes. */
    static class Made implements FactoryBean<Object> {

        private final Channel made;

        Made(GrpcChannelFactory channels) {
            this.made = channels.createChannel("hello");
        }

        @Override
        public Object getObject() {
            return List.of(made);
        }

        @Override
        public Class<?> getObjectType() {
            return made.getClass();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, Asker.class})
    static class OfOwnProperties {

        @Bean
        GrpcChannelsProperties ownProperties() {
            return new GrpcChannelsProperties();
        }
    }

    /** Puts a header on calls, as the tracers do that an observation registry gets from its post-processor. */
    static class Tracer implements ObservationHandler<SenderContext<Object>>, GrpcChannelConfigurer {

        private final List<@Nullable String> sent = new CopyOnWriteArrayList<>();

        @Override
        public void accept(ManagedChannelBuilder<?> builder, String client) {
            builder.intercept(new ClientInterceptor() {
                @Override
                public <Q, R> ClientCall<Q, R> interceptCall(
                        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
                    return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                        @Override
                        public void start(Listener<R> listener, Metadata headers) {
                            sent.add(headers.get(TRACEPARENT));
                            super.start(listener, headers);
                        }
                    };
                }
            });
        }

        @Override
        public void onStart(SenderContext<Object> context) {
            Propagator.Setter<Object> setter = context.getSetter();
            setter.set(context.getCarrier(), TRACEPARENT.name(), "00-1-2-01");
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof SenderContext;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Sorted {

        private final List<String> order = new ArrayList<>();
        private final Channel unsorted;
        private final Channel sorted;

        Sorted(GrpcChannelFactory channels) {
            this.unsorted = channels.createChannel("greeter", List.of(new Named(order, "second", 20)));
            this.sorted = channels.createChannel("greeter", List.of(new Named(order, "second", 20)), true);
        }

        @GrpcGlobalClientInterceptor
        @Order(10)
        ClientInterceptor first() {
            return new Named(order, "first", 10);
        }

        @GrpcGlobalClientInterceptor
        ClientInterceptor third() {
            return new Named(order, "third", 30);
        }

        @Bean
        GlobalClientInterceptorConfigurer configured() {
            return interceptors -> interceptors.add(new Named(order, "configured", 40));
        }
    }

    private record Named(List<String> order, String name, int getOrder) implements ClientInterceptor, Ordered {

        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            order.add(name);
            return next.newCall(method, options);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class WithABadInterceptor {

        @Bean
        GlobalClientInterceptorConfigurer bad() {
            return interceptors -> {
                throw new IllegalStateException("cannot be configured");
            };
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({FilterByStub.class, Caller.class})
    static class AFilterWithAStub {}

    static class FilterByStub implements MeterFilter {

        private final Channel channel;

        FilterByStub(@GrpcClient("greeter") Channel channel) {
            this.channel = channel;
        }

        @Override
        public MeterFilterReply accept(Meter.Id id) {
            return id.getName().startsWith("system.") && channel != null
                    ? MeterFilterReply.DENY
                    : MeterFilterReply.NEUTRAL;
        }
    }
}
