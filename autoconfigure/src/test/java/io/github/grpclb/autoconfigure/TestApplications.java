package io.github.grpclb.autoconfigure;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.testing.TestServer;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ServerServiceDefinition;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Applications as a user would write them, and how to start them. */
final class TestApplications {

    private TestApplications() {}

    /** Answers with the id that it was given. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Who.class)
    static class ServerApplication {}

    @GrpcService
    static class Who implements BindableService {

        private final String id;

        Who(@Value("${grpc.lb.registration.id:none}") String id) {
            this.id = id;
        }

        @Override
        public ServerServiceDefinition bindService() {
            return TestServer.who(id);
        }
    }

    /** Calls the service {@code greeter}. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class ClientApplication {}

    /** A client with a policy of its own. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, LastById.class})
    static class ClientApplicationWithPolicy {}

    /** A client with a policy of its own for each channel. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Caller.class, NearestFactory.class})
    static class ClientApplicationWithPolicyFactory {}

    static class LastById implements Policy {

        @Override
        public String name() {
            return "last_by_id";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            Candidate last = Collections.max(
                    ready, Comparator.comparing(it -> it.endpoint().id()));
            return call -> last;
        }
    }

    static class Caller {

        @GrpcClient("greeter")
        private Channel greeter;

        @GrpcClient("cluster@callee")
        private Channel cluster;

        String ask() {
            return TestServer.ask(greeter, CallOptions.DEFAULT.withWaitForReady());
        }

        String ask(CallOptions options) {
            return TestServer.ask(greeter, options);
        }

        String askCluster() {
            return TestServer.ask(cluster, CallOptions.DEFAULT.withWaitForReady());
        }
    }

    static ConfigurableApplicationContext server(String... properties) {
        return start(
                ServerApplication.class,
                Map.of(
                        "grpc.server.port",
                        "0",
                        "grpc.server.address",
                        "127.0.0.1",
                        "grpc.lb.registration.service",
                        "greeter"),
                properties);
    }

    static ConfigurableApplicationContext client(String... properties) {
        return client(ClientApplication.class, properties);
    }

    static ConfigurableApplicationContext client(Class<?> application, String... properties) {
        return start(
                application,
                Map.of("grpc.server.port", "-1", "grpc.client.GLOBAL.negotiation-type", "plaintext"),
                properties);
    }

    static ConfigurableApplicationContext start(
            Class<?> application, Map<String, Object> defaults, String... properties) {
        Map<String, Object> all = new HashMap<>(defaults);
        // it is on the class path here, and looks for its file where it does not see that this is a test
        all.put("spring.docker.compose.enabled", "false");
        for (String property : properties) {
            all.put(property.substring(0, property.indexOf('=')), property.substring(property.indexOf('=') + 1));
        }
        return new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .properties(all)
                .registerShutdownHook(false)
                .run();
    }
}
