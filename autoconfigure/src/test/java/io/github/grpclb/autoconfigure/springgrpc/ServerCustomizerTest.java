package io.github.grpclb.autoconfigure.springgrpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ForwardingServerBuilder;
import io.grpc.ServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.env.MockEnvironment;

class ServerCustomizerTest {

    private final MockEnvironment environment = new MockEnvironment();

    @Test
    void clientsMayPingAsOftenAsGrpcLetsThem() {
        assertThat(limits()).containsExactly("10 s");
    }

    /** The names of Spring Boot 4.1 and of Spring gRPC before, as their metadata have them. */
    @ParameterizedTest
    @ValueSource(strings = {"spring.grpc.server.keepalive.permit.time", "spring.grpc.server.keep-alive.permit-time"})
    void aLimitThatIsSetStays(String property) {
        environment.setProperty(property, "5m");
        assertThat(limits()).isEmpty();
    }

    private List<String> limits() {
        Recording builder = new Recording();
        new SpringGrpcServerAutoConfiguration()
                .<Recording>grpcLbSpringServerCustomizer(environment)
                .customize(builder);
        return builder.limits;
    }

    private static final class Recording extends ForwardingServerBuilder<Recording> {

        private final List<String> limits = new ArrayList<>();

        @Override
        protected ServerBuilder<?> delegate() {
            return NettyServerBuilder.forPort(0);
        }

        @Override
        public Recording permitKeepAliveTime(long time, TimeUnit unit) {
            limits.add(unit.toSeconds(time) + " s");
            return this;
        }
    }
}
