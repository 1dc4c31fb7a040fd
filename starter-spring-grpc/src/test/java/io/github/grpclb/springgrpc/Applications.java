package io.github.grpclb.springgrpc;

import io.github.grpclb.testing.TestServer;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ServerServiceDefinition;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.server.service.GrpcService;

/** Applications as a user would write them, and how to start them. */
final class Applications {

    private Applications() {}

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

    static class Caller {

        private final GrpcChannelFactory channels;
        private final Channel greeter;

        Caller(GrpcChannelFactory channels) {
            this.channels = channels;
            this.greeter = channels.createChannel("greeter");
        }

        String ask() {
            return ask(CallOptions.DEFAULT.withWaitForReady());
        }

        String ask(CallOptions options) {
            return TestServer.ask(greeter, options);
        }

        String askThrough(String channel) {
            return TestServer.ask(channels.createChannel(channel), CallOptions.DEFAULT.withWaitForReady());
        }

        /** Returns who answers a number of calls. */
        Set<String> answers(int calls) {
            return IntStream.range(0, calls).mapToObj(i -> ask()).collect(Collectors.toSet());
        }

        /** Returns how many of a number of calls each server answers. */
        Map<String, Long> shares(int calls) {
            return IntStream.range(0, calls)
                    .mapToObj(i -> ask())
                    .collect(Collectors.groupingBy(id -> id, Collectors.counting()));
        }
    }

    static ConfigurableApplicationContext server(String... properties) {
        return server(ServerApplication.class, properties);
    }

    static ConfigurableApplicationContext server(Class<?> application, String... properties) {
        return start(
                application,
                Map.of(
                        "spring.grpc.server.port",
                        "0",
                        "spring.grpc.server.address",
                        "127.0.0.1",
                        "grpc.lb.registration.drain.quiet-period",
                        "0",
                        "grpc.lb.registration.service",
                        "greeter"),
                properties);
    }

    static ConfigurableApplicationContext client(String... properties) {
        return client(ClientApplication.class, properties);
    }

    static ConfigurableApplicationContext client(Class<?> application, String... properties) {
        return start(application, Map.of(), properties);
    }

    static ConfigurableApplicationContext start(
            Class<?> application, Map<String, Object> defaults, String... properties) {
        Map<String, Object> all = new HashMap<>(defaults);
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
