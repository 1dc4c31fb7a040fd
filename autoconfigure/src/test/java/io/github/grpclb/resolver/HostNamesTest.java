package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.FaultRow;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@FaultRow(34)
class HostNamesTest {

    private final Queue<Runnable> lookups = new ArrayDeque<>();
    private final List<String> asked = new ArrayList<>();
    private final HostNames hostNames = new HostNames(this::lookUp, this::execute, () -> {});
    private boolean refusing;
    private long now;

    @Test
    void looksAFewUpAtATime() {
        String[] hosts = IntStream.range(0, HostNames.AT_ONCE + 5)
                .mapToObj(i -> "host" + i)
                .toArray(String[]::new);
        list(hosts);
        assertThat(lookups).hasSize(HostNames.AT_ONCE);
        lookups.remove().run();
        lookups.remove().run();
        list(hosts);
        assertThat(lookups).hasSize(HostNames.AT_ONCE);
        assertThat(hostNames.awaitsFirstAnswers()).isTrue();
        while (!lookups.isEmpty()) {
            lookups.remove().run();
            list(hosts);
        }
        assertThat(asked).containsExactly(hosts);
        assertThat(hostNames.awaitsFirstAnswers()).isFalse();
        assertThat(hostNames.nextNanos()).isEqualTo(Suspects.NEVER);
    }

    @Test
    void asksNobodyForANameThatIsListedNoMore() {
        String[] hosts = IntStream.range(0, HostNames.AT_ONCE + 5)
                .mapToObj(i -> "host" + i)
                .toArray(String[]::new);
        list(hosts);
        list("host0");
        runAll();
        list("host0");
        assertThat(lookups).isEmpty();
        assertThat(asked).hasSize(HostNames.AT_ONCE);
    }

    @Test
    void takesTheAnswerForANameThatCameBackMeanwhile() {
        list("a");
        list();
        assertThat(hostNames.isEmpty()).isTrue();
        list("a");
        hostNames.lookUpAgain();
        list("a");
        assertThat(lookups).hasSize(1);
        runAll();
        assertThat(list("a")).hasSize(1);
    }

    @Test
    void asksAgainForANameWithoutAddressAfterAWhile() {
        list("unknown", "a");
        runAll();
        list("unknown", "a");
        assertThat(hostNames.nextNanos()).isEqualTo(HostNames.INTERVAL_NANOS);
        now += HostNames.INTERVAL_NANOS - 1;
        list("unknown", "a");
        assertThat(hostNames.nextNanos()).isEqualTo(1);
        assertThat(lookups).isEmpty();
        now += 1;
        list("unknown", "a");
        assertThat(lookups).hasSize(1);
        assertThat(hostNames.nextNanos()).isEqualTo(Suspects.NEVER);
        assertThat(hostNames.awaitsFirstAnswers()).isFalse();
    }

    @Test
    void everyLookupHasAnEnd() {
        list("broken");
        runAll();
        refusing = true;
        list("broken", "a");
        assertThat(hostNames.awaitsFirstAnswers()).isFalse();
        refusing = false;
        now += HostNames.INTERVAL_NANOS;
        list("broken", "a");
        runAll();
        assertThat(list("broken", "a")).hasSize(1);
    }

    private List<InetAddress> list(String... hosts) {
        List<InetAddress> addresses = new ArrayList<>();
        hostNames.startList(now);
        for (String host : hosts) {
            addresses.addAll(hostNames.addressesOf(host));
        }
        hostNames.endList();
        return addresses;
    }

    private void runAll() {
        while (!lookups.isEmpty()) {
            lookups.remove().run();
        }
    }

    private void execute(Runnable task) {
        if (refusing) {
            throw new RejectedExecutionException("on purpose");
        }
        lookups.add(task);
    }

    private List<InetAddress> lookUp(String host) throws UnknownHostException {
        asked.add(host);
        if (host.equals("unknown")) {
            throw new UnknownHostException(host);
        }
        if (host.equals("broken")) {
            throw new NoClassDefFoundError("on purpose");
        }
        return List.of(InetAddress.getByAddress(new byte[] {10, 1, 0, 1}));
    }
}
