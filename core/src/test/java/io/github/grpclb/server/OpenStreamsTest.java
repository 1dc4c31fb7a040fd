package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OpenStreamsTest {

    private static final Duration GRACE = Duration.ofSeconds(10);

    private long now = 1_000;
    private Runnable whileAsleep = () -> {};
    private final List<String> ended = new ArrayList<>();
    private final OpenStreams streams = new OpenStreams(() -> now, this::sleep);

    private void sleep(long nanos) {
        now += Math.min(nanos, Duration.ofSeconds(1).toNanos());
        whileAsleep.run();
    }

    @Test
    void doesNotWaitWhereNoneIsOpen() {
        assertThat(streams.await(GRACE)).isTrue();
        assertThat(now).isEqualTo(1_000);
    }

    @Test
    void waitsUntilTheLastHasEnded() {
        OpenStreams.Stream a = open("a");
        OpenStreams.Stream b = open("b");
        whileAsleep = () -> {
            streams.remove(a);
            if (now > Duration.ofSeconds(3).toNanos()) {
                streams.remove(b);
            }
        };
        assertThat(streams.await(GRACE)).isTrue();
        assertThat(now - 1_000).isEqualTo(Duration.ofSeconds(3).toNanos());
        assertThat(streams.closeAll()).isZero();
    }

    @Test
    void givesUpAfterTheGrace() {
        open("a");
        assertThat(streams.await(GRACE)).isFalse();
        assertThat(now - 1_000).isEqualTo(GRACE.toNanos());
        assertThat(ended).isEmpty();
    }

    @Test
    void endsWhatIsOpenAndWhatComesAfter() {
        open("a");
        open("b");
        assertThat(streams.closeAll()).isEqualTo(2);
        assertThat(ended).containsExactlyInAnyOrder("a", "b");
        open("c");
        assertThat(ended).contains("c");
        assertThat(streams.count()).isZero();
    }

    @Test
    void endsTheOthersWhenOneCannotBeEnded() {
        open("a");
        streams.add(() -> {
            throw new IllegalStateException("on purpose");
        });
        open("b");
        assertThat(streams.closeAll()).isEqualTo(3);
        assertThat(ended).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void endsTheWaitWhenInterrupted() {
        open("a");
        whileAsleep = () -> Thread.currentThread().interrupt();
        assertThat(streams.await(GRACE)).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void wakesUpWhenTheLastEnds() throws Exception {
        OpenStreams real = new OpenStreams();
        OpenStreams.Stream stream = () -> {};
        real.add(stream);
        CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> real.await(Duration.ofMinutes(5)));
        real.remove(stream);
        assertThat(ended.get(1, TimeUnit.MINUTES)).isTrue();
    }

    private OpenStreams.Stream open(String name) {
        OpenStreams.Stream stream = () -> ended.add(name);
        streams.add(stream);
        return stream;
    }
}
