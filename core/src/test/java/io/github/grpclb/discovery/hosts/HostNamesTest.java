package io.github.grpclb.discovery.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.stale.Suspects;
import io.github.grpclb.testing.FaultRow;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
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
    private byte answer = 1;
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
        assertThat(hostNames.nextNanos()).isEqualTo(HostNames.AGE_NANOS);
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
        assertThat(hostNames.nextNanos()).isEqualTo(HostNames.AGE_NANOS - HostNames.INTERVAL_NANOS); // the other one
        assertThat(hostNames.awaitsFirstAnswers()).isFalse();
    }

    @Test
    void asksAgainForEachNameByAge() {
        list("a");
        runAll();
        list("a");
        now += HostNames.AGE_NANOS - 1;
        list("a");
        assertThat(lookups).isEmpty();
        assertThat(hostNames.nextNanos()).isEqualTo(1);
        now += 1;
        list("a");
        assertThat(lookups).hasSize(1);
        assertThat(hostNames.nextNanos()).isEqualTo(Suspects.NEVER);
        runAll();
        list("a");
        assertThat(hostNames.nextNanos()).isEqualTo(HostNames.AGE_NANOS);
        assertThat(asked).containsExactly("a", "a");
    }

    @Test
    void asksAboutManyNamesLessOften() {
        String[] hosts = IntStream.range(0, 6_000).mapToObj(i -> "host" + i).toArray(String[]::new);
        list(hosts);
        while (!lookups.isEmpty()) {
            lookups.remove().run();
            list("host0");
            list(hosts);
            if (asked.size() > 100) {
                break;
            }
        }
        now += HostNames.AGE_NANOS;
        int before = asked.size();
        list(hosts);
        assertThat(asked).hasSize(before);
        assertThat(hostNames.nextNanos()).isEqualTo(Duration.ofSeconds(90).toNanos());
    }

    /** As a name server does that gives a few of many addresses. */
    @Test
    void keepsAnAddressUntilTwoAnswersAreWithoutIt() {
        answer = 1;
        assertThat(afterNextAnswer("a")).containsExactly(1);
        answer = 2;
        assertThat(afterNextAnswer("a")).containsExactly(2, 1);
        answer = 1;
        List<Integer> both = afterNextAnswer("a");
        assertThat(both).containsExactly(2, 1);
        assertThat(afterNextAnswer("a")).containsExactly(1);
        answer = 0;
        assertThat(afterNextAnswer("a")).containsExactly(1);
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

    /** Returns the last bytes of the addresses. */
    private List<Integer> afterNextAnswer(String host) {
        now += HostNames.AGE_NANOS;
        list(host);
        runAll();
        return list(host).stream().map(address -> (int) address.getAddress()[3]).toList();
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
        if (answer == 0) {
            throw new UnknownHostException("no answer");
        }
        if (host.equals("broken")) {
            throw new NoClassDefFoundError("on purpose");
        }
        return List.of(InetAddress.getByAddress(new byte[] {10, 1, 0, answer}));
    }
}
