package io.github.grpclb.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.test.spring.AutoConfigureEmbeddedEtcd;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc.HealthBlockingStub;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.PropertySource;

/** What docs/testing.md shows of a test with Spring Boot. */
@SpringBootTest
@AutoConfigureEmbeddedEtcd
class GreeterIT {

    @GrpcClient("greeter")
    private HealthBlockingStub greeter;

    @Test
    void serves() {
        assertThat(greeter.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                .isEqualTo(ServingStatus.SERVING);
    }

    /** What a user's main sources have. */
    @SpringBootApplication
    @PropertySource("classpath:greeter.properties")
    static class Greeter {

        @GrpcService
        static class Greetings implements BindableService {

            @Override
            public ServerServiceDefinition bindService() {
                return ServerServiceDefinition.builder("examples.Greeter").build();
            }
        }
    }
}
