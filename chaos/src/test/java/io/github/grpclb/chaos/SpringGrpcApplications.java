package io.github.grpclb.chaos;

import io.grpc.Channel;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.GrpcChannelFactory;

/** Applications with Spring's own gRPC. */
final class SpringGrpcApplications {

    private SpringGrpcApplications() {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Client {

        @Bean
        Host.Stub load(GrpcChannelFactory channels) {
            Channel channel = channels.createChannel("load");
            return () -> channel;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Server {

        @Bean
        Hello hello() {
            return new Hello();
        }
    }
}
