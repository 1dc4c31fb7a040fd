package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.grpclb.testing.FaultRow;
import io.grpc.ForwardingServerBuilder;
import io.grpc.ServerBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.mock.env.MockEnvironment;

class ServerBuildersTest {

    private final MockEnvironment environment = new MockEnvironment();
    private final List<Duration> permitted = new ArrayList<>();

    @Test
    @FaultRow(27)
    void permitsWhatClientsMayAsk() {
        builders().prepare(server());
        assertThat(permitted).containsExactly(Duration.ofSeconds(10));
    }

    @Test
    void keepsWhatIsSet() {
        environment.setProperty("host.server.permitKeepAliveTime", "5m");
        builders().prepare(server());
        assertThat(permitted).isEmpty();
    }

    @Test
    void leavesAServerWithoutConnectionsAlone() {
        assertThatCode(() -> builders().prepare(InProcessServerBuilder.forName("any")))
                .doesNotThrowAnyException();
    }

    private ServerBuilders builders() {
        return new ServerBuilders(environment, List.of("host.server.permit-keep-alive-time"));
    }

    private ServerBuilder<?> server() {
        return new Recording();
    }

    private final class Recording extends ForwardingServerBuilder<Recording> {

        @Override
        protected ServerBuilder<?> delegate() {
            return InProcessServerBuilder.forName("never built");
        }

        @Override
        public Recording permitKeepAliveTime(long time, TimeUnit unit) {
            permitted.add(Duration.ofNanos(unit.toNanos(time)));
            return this;
        }
    }
}
