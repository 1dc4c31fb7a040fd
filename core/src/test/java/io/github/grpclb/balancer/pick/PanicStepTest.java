package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Endpoint;
import io.grpc.ConnectivityState;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** When ejected servers are used as well. */
class PanicStepTest {

    private final ChannelState state = new ChannelState();
    private final PanicStep step = new PanicStep(50, "svc", state);

    @Test
    void leavesEjectedServersOutWhileEnoughAreUsable() {
        assertThat(used(pool(10, 5, 0))).isEqualTo(5);
        assertThat(state.panicking()).isEmpty();
    }

    @Test
    void usesAllThatAreReadyWhereTooFewAreUsable() {
        assertThat(used(pool(10, 6, 0))).isEqualTo(10);
        assertThat(used(pool(10, 3, 3))).isEqualTo(7);
        assertThat(state.panicking()).containsExactly("");
    }

    @Test
    void endsWhenEnoughAreUsable() {
        used(pool(10, 6, 0));
        assertThat(used(pool(10, 5, 0))).isEqualTo(5);
        assertThat(state.panicking()).isEmpty();
    }

    @Test
    void saysOnceThatItBeginsAndThatItEnds() {
        Logger logger = (Logger) LoggerFactory.getLogger(PanicStep.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.setLevel(Level.INFO);
        logger.addAppender(log);
        try {
            for (int ejected : new int[] {0, 6, 7, 6, 2, 1}) {
                used(pool(10, ejected, 0));
            }
        } finally {
            logger.detachAppender(log);
            logger.setLevel(null);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::toString)
                .containsExactly(
                        "[WARN] svc: panic, with 4 ready of 10 known, less than 50 %: ejected servers are used as well",
                        "[INFO] svc: panic is over");
    }

    @Test
    void doesNotBeginWhileFirstConnectionsAreUnderWay() {
        List<EndpointCandidate> known = new ArrayList<>(ready(1));
        for (int i = 2; i <= 10; i++) {
            known.add(FakeServers.in(
                    ConnectivityState.CONNECTING, FakeServers.endpoint(i).build()));
        }
        used(Pool.of(known));
        assertThat(state.panicking()).isEmpty();
    }

    @Test
    void doesNotCountServersThatDrain() {
        List<EndpointCandidate> known = new ArrayList<>(ready(2));
        for (int i = 3; i <= 10; i++) {
            known.add(FakeServers.in(
                    ConnectivityState.TRANSIENT_FAILURE,
                    FakeServers.endpoint(i).state(Endpoint.State.DRAINING).build()));
        }
        used(Pool.of(known));
        assertThat(state.panicking()).isEmpty();
    }

    @Test
    void forgetsPartsOfTheServersThatAreNoMore() {
        used(pool(10, 6, 0).part("version=v2", candidate -> true));
        assertThat(state.panicking()).containsExactly("/version=v2");
        used(pool(10, 0, 0));
        assertThat(state.panicking()).isEmpty();
    }

    private int used(Pool pool) {
        List<Pool> passed = new ArrayList<>();
        step.picker(pool, next -> {
            passed.add(next);
            return FakeServers.inTurn(next);
        });
        step.done();
        return passed.get(0).usable().size();
    }

    /** Returns a pool of servers, of which the first are ejected and the last cannot be connected to. */
    private static Pool pool(int size, int ejected, int failing) {
        List<EndpointCandidate> known = new ArrayList<>(ready(size - failing));
        for (int i = size - failing + 1; i <= size; i++) {
            known.add(FakeServers.in(
                    ConnectivityState.TRANSIENT_FAILURE, FakeServers.endpoint(i).build()));
        }
        Pool pool = Pool.of(known);
        return pool.withUsable(pool.connected().subList(ejected, size - failing));
    }

    private static List<EndpointCandidate> ready(int last) {
        return IntStream.rangeClosed(1, last)
                .mapToObj(
                        number -> FakeServers.ready(FakeServers.endpoint(number).build()))
                .toList();
    }
}
