package io.github.grpclb.bench;

import io.grpc.Channel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelFactory;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** An application that only calls. */
final class ClientApplication implements AutoCloseable {

    private final ConfigurableApplicationContext context;

    private ClientApplication(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** Starts one with the starter; its clients' servers and policies are in the properties. */
    static ClientApplication start(Map<String, String> properties) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "grpc.server.port", "-1",
                "grpc.client.GLOBAL.negotiation-type", "plaintext"));
        all.putAll(properties);
        return new ClientApplication(new SpringApplicationBuilder(Everything.class)
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .properties(all)
                .run());
    }

    /** Starts one that does without grpc-lb: a client's servers come in a {@link FixedList}. */
    static ClientApplication startWithoutUs(String client, List<String> servers) {
        return start(
                Map.of("grpc.lb.enabled", "false", "grpc.client." + client + ".address", FixedList.target(servers)));
    }

    Channel channel(String client) {
        return context.getBean(GrpcChannelFactory.class).createChannel(client);
    }

    @Override
    public void close() {
        context.close();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Everything {}
}
