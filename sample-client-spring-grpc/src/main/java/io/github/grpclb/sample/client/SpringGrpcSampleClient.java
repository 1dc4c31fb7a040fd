package io.github.grpclb.sample.client;

import io.github.grpclb.sample.HelloServiceGrpc.HelloServiceStub;
import io.grpc.health.v1.HealthGrpc.HealthStub;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.grpc.client.ImportGrpcClients;

/** The sample client with Spring's own gRPC: the same calls and the same {@code application.yml}. */
@SpringBootApplication
@ImportGrpcClients(
        target = "greeter",
        types = {HelloServiceStub.class, HealthStub.class})
public class SpringGrpcSampleClient {

    public static void main(String[] args) {
        System.exit(CommandLine.run(SpringGrpcSampleClient.class, args));
    }

    @Bean
    Greeter greeter(Options options, HelloServiceStub hello, HealthStub health) {
        return new Greeter(options.load(), hello, health, new Routing(options));
    }
}
