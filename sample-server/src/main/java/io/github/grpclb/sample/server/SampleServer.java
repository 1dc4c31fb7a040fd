package io.github.grpclb.sample.server;

import java.time.Duration;
import java.util.Arrays;
import net.devh.boot.grpc.server.service.GrpcService;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A gRPC server that registers itself: the starter, {@code application.yml} and one {@code @GrpcService}. */
@SpringBootApplication
public class SampleServer {

    public static void main(String[] args) {
        SpringApplication application = new SpringApplication(SampleServer.class);
        if (Arrays.asList(args).contains("--etcd=embedded")) {
            application.setAdditionalProfiles("embedded-etcd");
        }
        application.run(args);
    }

    @GrpcService
    HelloService helloService(
            @Value("${grpc.lb.registration.id}") String id,
            @Value("${delay:0ms}") Duration delay,
            @Value("${fail:0}") double failing) {
        return new HelloService(id, delay, failing);
    }
}
