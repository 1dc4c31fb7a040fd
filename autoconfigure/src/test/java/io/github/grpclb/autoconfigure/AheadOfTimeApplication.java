package io.github.grpclb.autoconfigure;

import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import java.util.List;
import net.devh.boot.grpc.client.inject.GrpcClient;
import org.springframework.aot.AotDetector;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Server and client in one: calls itself through a field's channel and a parameter's, and ends. In a file of its own, as Spring asks. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({TestApplications.Who.class, AheadOfTimeApplication.ByParameter.class})
class AheadOfTimeApplication implements CommandLineRunner {

    @GrpcClient("self")
    Channel self;

    private final ByParameter other;

    AheadOfTimeApplication(ByParameter other) {
        this.other = other;
    }

    @Override
    public void run(String... args) {
        for (Channel channel : List.of(self, other.self)) {
            System.out.println("answer of " + TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady())
                    + ", generated: " + AotDetector.useGeneratedArtifacts());
        }
    }

    public static void main(String[] args) {
        SpringApplication.run(AheadOfTimeApplication.class, args).close();
    }

    static class ByParameter {

        private final Channel self;

        ByParameter(@GrpcClient("self") Channel self) {
            this.self = self;
        }
    }
}
