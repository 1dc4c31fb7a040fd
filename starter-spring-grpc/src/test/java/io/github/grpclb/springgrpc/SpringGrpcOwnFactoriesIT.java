package io.github.grpclb.springgrpc;

import static io.github.grpclb.springgrpc.Applications.client;
import static io.github.grpclb.springgrpc.Applications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.springgrpc.Applications.Caller;
import io.github.grpclb.springgrpc.Applications.ClientApplication;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.grpc.client.autoconfigure.GrpcChannelFactoryCustomizer;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.grpc.client.ClientInterceptorsConfigurer;
import org.springframework.grpc.client.DefaultGrpcChannelFactory;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.client.NettyGrpcChannelFactory;

/** Channels whose factory, or its targets, are the application's own. */
@ExtendWith(OutputCaptureExtension.class)
class SpringGrpcOwnFactoriesIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    private Caller caller(Class<?> application, String... properties) {
        return opened.add(client(application, properties)).getBean(Caller.class);
    }

    @Test
    void theTransportForTestsReachesItsServerByEveryName(CapturedOutput output) throws IOException {
        String address = InProcessServerBuilder.generateName();
        Server inProcess = InProcessServerBuilder.forName(address)
                .addService(TestServer.who("test"))
                .build()
                .start();
        opened.add(inProcess::shutdownNow);
        Caller caller = caller(
                WithTestTransport.class,
                at,
                "address=" + address,
                "grpc.lb.clients.greeter.policy=random",
                "grpc.lb.clients.nobody.policy=random");
        assertThat(caller.ask()).isEqualTo("test");
        await().untilAsserted(() -> assertThat(output).contains("grpc.lb.clients.nobody has had no effect"));
        assertThat(output).doesNotContain("grpc.lb.clients.greeter has had no effect");
    }

    @Test
    void targetsOfTheApplicationsOwnStay() {
        opened.add(server(at, "grpc.lb.registration.id=registered"));
        TestServer elsewhere = opened.add(TestServer.start("elsewhere"));
        Caller caller = caller(WithOwnTargets.class, at, "elsewhere=127.0.0.1:" + elsewhere.port());
        assertThat(caller.ask()).isEqualTo("elsewhere");
        assertThat(caller.askThrough("other")).isEqualTo("registered");
    }

    @Test
    void aFactoryOfTheApplicationsOwnWithItsCustomizersIsBalanced() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        Caller caller = caller(WithOwnFactory.class, at);
        await().untilAsserted(() -> assertThat(caller.answers(4)).containsOnly("a", "b"));
    }

    @Test
    void aFactoryWithoutCustomizersSaysWhatItLacks() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        Caller caller = caller(WithBareFactory.class, at);
        assertThatThrownBy(() -> caller.ask(CallOptions.DEFAULT))
                .hasMessageContaining("setNameResolverArg(ResolverArgs.SOURCE");
    }

    @Test
    void aChannelThatIsMadeBeforeAllBeansIsBalanced() {
        opened.add(server(at, "grpc.lb.registration.id=a"));
        ConfigurableApplicationContext client = opened.add(client(WithEarlyChannel.class, at));
        assertThat(TestServer.ask(client.getBean(EarlyUser.class).greeter(), CallOptions.DEFAULT.withWaitForReady()))
                .isEqualTo("a");
    }

    @Test
    void beansThatAreMadeLazilyAreRegisteredAndBalanced() {
        opened.add(server(at, "grpc.lb.registration.id=a", "spring.main.lazy-initialization=true"));
        opened.add(server(at, "grpc.lb.registration.id=b"));
        Caller caller = caller(ClientApplication.class, at, "spring.main.lazy-initialization=true");
        await().untilAsserted(() -> assertThat(caller.answers(4)).containsOnly("a", "b"));
    }

    /** As Spring Boot's {@code @AutoConfigureTestGrpcTransport} makes it. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class WithTestTransport {

        @Bean
        @Order(Ordered.HIGHEST_PRECEDENCE)
        TestTransport testTransport(Environment environment, ClientInterceptorsConfigurer interceptors) {
            return new TestTransport(environment.getRequiredProperty("address"), interceptors);
        }
    }

    private static final class TestTransport extends DefaultGrpcChannelFactory<InProcessChannelBuilder> {

        TestTransport(String address, ClientInterceptorsConfigurer interceptors) {
            super(List.of(), interceptors);
            setVirtualTargets(name -> address);
        }

        @Override
        public boolean supports(String target) {
            return true;
        }

        @Override
        protected InProcessChannelBuilder newChannelBuilder(String target, ChannelCredentials credentials) {
            return InProcessChannelBuilder.forName(target);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class WithOwnTargets {

        @Bean
        GrpcChannelFactoryCustomizer ownTargets(Environment environment) {
            return factory -> {
                if (factory instanceof NettyGrpcChannelFactory netty) {
                    netty.setVirtualTargets(name ->
                            name.equals("greeter") ? environment.getRequiredProperty("elsewhere") : "etcd:///greeter");
                }
            };
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class WithOwnFactory {

        @Bean
        NettyGrpcChannelFactory ownFactory(
                List<GrpcChannelBuilderCustomizer<NettyChannelBuilder>> customizers,
                ClientInterceptorsConfigurer interceptors) {
            return new NettyGrpcChannelFactory(customizers, interceptors);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(ClientApplication.class)
    static class WithBareFactory {

        @Bean
        NettyGrpcChannelFactory ownFactory(ClientInterceptorsConfigurer interceptors) {
            return new NettyGrpcChannelFactory(List.of(), interceptors);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(EarlyUser.class)
    static class WithEarlyChannel {}

    /** Is made with the processors of beans, as what these need is. */
    static final class EarlyUser implements BeanPostProcessor, Ordered {

        private final Channel greeter;

        EarlyUser(GrpcChannelFactory channels) {
            this.greeter = channels.createChannel("greeter");
        }

        Channel greeter() {
            return greeter;
        }

        @Override
        public int getOrder() {
            return 0;
        }
    }
}
