package io.github.grpclb.sample.client;

import io.github.grpclb.sample.HelloServiceGrpc.HelloServiceStub;
import io.grpc.health.v1.HealthGrpc.HealthStub;
import net.devh.boot.grpc.client.inject.GrpcClient;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Calls a service as its command line says, and shows who answered: {@link CommandLine}. */
@SpringBootApplication
public class SampleClient {

    public static void main(String[] args) {
        System.exit(CommandLine.run(SampleClient.class, args));
    }

    @Bean
    Greeter greeter(
            Options options, @GrpcClient("greeter") HelloServiceStub hello, @GrpcClient("greeter") HealthStub health) {
        return new Greeter(options.load(), hello, health, new Routing(options));
    }
}
