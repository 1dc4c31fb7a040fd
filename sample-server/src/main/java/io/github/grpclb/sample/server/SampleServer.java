package io.github.grpclb.sample.server;

import java.util.Arrays;
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
}
