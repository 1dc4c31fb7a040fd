package io.github.grpclb.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class EndpointLoadsTest {

    private static final Endpoint.Identity ONE = new Endpoint.Identity("svc", "s1", 1);
    private static final Endpoint.Identity TWO = new Endpoint.Identity("svc", "s2", 1);

    private final FakeClock clock = new FakeClock();
    private final EndpointLoads loads = new EndpointLoads(Duration.ofMinutes(5), clock::nanoTime);

    @Test
    void isTheSameForAllThatAsk() {
        EndpointLoad load = loads.acquire(ONE);
        assertThat(loads.acquire(ONE)).isSameAs(load);
        assertThat(load.identity()).isEqualTo(ONE);
        EndpointLoad other = loads.acquire(TWO);
        assertThat(loads.all()).containsExactlyInAnyOrder(load, other);
    }

    @Test
    void staysWhileSomeoneHoldsIt() {
        EndpointLoad load = loads.acquire(ONE);
        loads.acquire(ONE);
        loads.release(load);
        clock.forward(Duration.ofHours(1));
        assertThat(loads.acquire(ONE)).isSameAs(load);
    }

    @Test
    void isForgottenSomeMinutesAfterTheLastLetGo() {
        EndpointLoad load = loads.acquire(ONE);
        loads.release(load);
        clock.forward(Duration.ofSeconds(299));
        assertThat(loads.all()).containsExactly(load);
        clock.forward(Duration.ofSeconds(1));
        assertThat(loads.all()).isEmpty();
        assertThat(loads.acquire(ONE)).isNotSameAs(load);
    }

    @Test
    void countsTheMinutesFromTheLastTimeThatItWasLetGo() {
        EndpointLoad load = loads.acquire(ONE);
        loads.release(load);
        clock.forward(Duration.ofMinutes(4));
        loads.release(loads.acquire(ONE));
        clock.forward(Duration.ofMinutes(4));
        assertThat(loads.all()).containsExactly(load);
        clock.forward(Duration.ofMinutes(1));
        assertThat(loads.all()).isEmpty();
    }
}
