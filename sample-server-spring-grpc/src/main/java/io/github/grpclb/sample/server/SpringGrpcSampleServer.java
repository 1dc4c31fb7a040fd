package io.github.grpclb.sample.server;

import io.grpc.BindableService;
import java.time.Duration;
import java.util.Arrays;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** The sample server with Spring's own gRPC: the same service and the same {@code application.yml}. */
@SpringBootApplication
public class SpringGrpcSampleServer {

    public static void main(String[] args) {
        SpringApplication application = new SpringApplication(SpringGrpcSampleServer.class);
        if (Arrays.asList(args).contains("--etcd=embedded")) {
            application.setAdditionalProfiles("embedded-etcd");
        }
        application.run(args);
    }

    @Bean
    BindableService helloService(
            @Value("${grpc.lb.registration.id}") String id,
            @Value("${delay:0ms}") Duration delay,
            @Value("${fail:0}") double failing) {
        return new HelloService(id, delay, failing);
    }
}
