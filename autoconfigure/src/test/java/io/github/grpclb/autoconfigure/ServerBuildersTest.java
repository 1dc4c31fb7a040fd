package io.github.grpclb.autoconfigure.devh;

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

class KeepAlivePermissionTest {

    private final MockEnvironment environment = new MockEnvironment();
    private final List<Duration> permitted = new ArrayList<>();

    @Test
    @FaultRow(27)
    void permitsWhatClientsMayAsk() {
        new KeepAlivePermission(environment).accept(server());
        assertThat(permitted).containsExactly(Duration.ofSeconds(10));
    }

    @Test
    void keepsWhatIsSet() {
        environment.setProperty("grpc.server.permitKeepAliveTime", "5m");
        new KeepAlivePermission(environment).accept(server());
        assertThat(permitted).isEmpty();
    }

    @Test
    void leavesAServerWithoutConnectionsAlone() {
        assertThatCode(() -> new KeepAlivePermission(environment).accept(InProcessServerBuilder.forName("any")))
                .doesNotThrowAnyException();
    }

    private ServerBuilder<?> server() {
        return new Recording();
    }

    private final class Recording extends ForwardingServerBuilder<Recording> {

        @Override
        protected ServerBuilder<?> delegate() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Recording permitKeepAliveTime(long time, TimeUnit unit) {
            permitted.add(Duration.ofNanos(unit.toNanos(time)));
            return this;
        }
    }
}
