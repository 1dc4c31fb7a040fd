package io.github.grpclb.resolver;

import static io.github.grpclb.resolver.ResolverScene.A;
import static io.github.grpclb.resolver.ResolverScene.B;
import static io.github.grpclb.resolver.ResolverScene.draining;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FakeNameServer;
import io.github.grpclb.testing.FaultRow;
import io.grpc.EquivalentAddressGroup;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Servers that are registered by a host name. */
@ExtendWith(CapturedLog.Extension.class)
class EndpointNameResolverHostNamesTest {

    private final ResolverScene scene = new ResolverScene();
    private final FakeClock clock = scene.clock;
    private final FakeEndpointSource source = scene.source;
    private final FakeNameServer nameServer = scene.nameServer;

    @Test
    @FaultRow({34, 38})
    void passesHintsOnAndAsksNameServersNoMoreThanEveryFiveSeconds() {
        scene.start();
        source.publish("svc", Endpoint.builder("svc", "host.example", 80).build());
        clock.runDue();
        assertThat(nameServer.lookups).isEqualTo(1);
        clock.forward(Duration.ofSeconds(5));
        for (int i = 0; i < 100; i++) {
            scene.refresh();
            clock.runDue();
        }
        assertThat(source.refreshes()).isEqualTo(100);
        assertThat(nameServer.lookups).isEqualTo(2);
        assertThat(scene.results).hasSize(1);
    }

    @Test
    void aServerThatIsRegisteredByNameAndByAddressIsThereOnce(CapturedLog output) {
        Endpoint byName = Endpoint.builder("svc", "host1.example", 80)
                .weight(5)
                .key("/svc/name")
                .createRevision(7)
                .build();
        Endpoint byAddress = Endpoint.builder("svc", "10.1.0.1", 80)
                .weight(3)
                .key("/svc/address")
                .createRevision(4)
                .build();
        Endpoint otherPort = Endpoint.builder("svc", "10.1.0.1", 81).build();
        scene.start();
        source.publish("svc", byAddress, otherPort, byName);
        clock.runDue();
        assertThat(scene.endpoints()).containsExactly(otherPort, byName);
        List<EquivalentAddressGroup> first = scene.addresses();
        source.publish("svc", byAddress, otherPort, byName, B);
        clock.runDue();
        assertThat(scene.endpoints()).containsExactly(otherPort, byName, B);
        assertThat(scene.addresses().get(1)).isSameAs(first.get(1));
        // the process behind the address is the later one
        Endpoint later = byAddress.toBuilder().startedAt(1).build();
        source.publish("svc", later, otherPort, byName, B);
        clock.runDue();
        assertThat(scene.endpoints()).containsExactly(later, otherPort, B);
        assertThat(output.toString().lines().filter(line -> line.contains("registered twice")))
                .singleElement()
                .asString()
                .contains("/svc/name", "/svc/address", "10.1.0.1:80", "weight 5");
    }

    /** What is registered goes before what is missing, whichever is newer. */
    @Test
    void aServerOfTwoRecordsStaysWhenOneOfThemGoes() {
        Endpoint byName =
                Endpoint.builder("svc", "host1.example", 80).createRevision(4).build();
        Endpoint byAddress =
                Endpoint.builder("svc", "10.1.0.1", 80).createRevision(7).build();
        scene.start();
        source.publish("svc", byAddress, byName, B);
        clock.runDue();
        source.publish("svc", byName, B);
        clock.runDue();
        assertThat(scene.endpoints()).containsExactly(byName, B);
        assertThat(scene.unlisted().missing()).isEmpty();
    }

    @Test
    @FaultRow(34)
    void takesAHintThatComesTooEarlyUpLater() {
        scene.start();
        source.publish("svc", Endpoint.builder("svc", "host.example", 80).build());
        clock.forward(Duration.ofSeconds(1));
        nameServer.address = 2;
        for (int i = 0; i < 100; i++) {
            scene.refresh();
        }
        clock.forward(Duration.ofMillis(3_999));
        assertThat(nameServer.lookups).isEqualTo(1);
        clock.forward(Duration.ofMillis(1));
        assertThat(nameServer.lookups).isEqualTo(2);
        assertThat(hostsOf(scene.addresses().get(0))).containsExactly("10.1.0.2", "10.1.0.1");
        clock.forward(Duration.ofSeconds(4));
        scene.refresh();
        scene.shutdown();
        clock.runDue();
        assertThat(clock.pending()).isZero();
        assertThat(nameServer.lookups).isEqualTo(2);
    }

    @Test
    @FaultRow(34)
    void followsANameThatMovesThoughNothingFails() {
        scene.start();
        source.publish("svc", A, Endpoint.builder("svc", "host.example", 80).build());
        clock.runDue();
        EquivalentAddressGroup literal = scene.addresses().get(0);
        nameServer.address = 2;
        clock.forward(Duration.ofSeconds(30));
        assertThat(hostsOf(scene.addresses().get(1))).containsExactly("10.1.0.2", "10.1.0.1");
        clock.forward(Duration.ofSeconds(30));
        assertThat(hostsOf(scene.addresses().get(1))).containsExactly("10.1.0.2");
        assertThat(scene.addresses().get(0)).isSameAs(literal);
        int delivered = scene.results.size();
        clock.forward(Duration.ofMinutes(10));
        assertThat(scene.results).hasSize(delivered);
        assertThat(nameServer.lookups).isEqualTo(23);
    }

    @Test
    @FaultRow({34, 46})
    void followsNoNameToWhereItMustNotLead() {
        source.allow(new AddressRules(List.of(Cidr.parse("10.1.0.1/32")), List.of(), true));
        scene.start();
        source.publish("svc", Endpoint.builder("svc", "host.example", 80).build());
        clock.runDue();
        nameServer.address = 2;
        clock.forward(Duration.ofMinutes(2));
        assertThat(nameServer.lookups).isEqualTo(5);
        assertThat(hostsOf(scene.addresses().get(0))).containsExactly("10.1.0.1");
        assertThat(scene.results).hasSize(1);
    }

    @Test
    @FaultRow(38)
    void asksNoNameServerForLiterals() {
        scene.start();
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(6));
        scene.refresh();
        clock.runDue();
        assertThat(nameServer.lookups).isZero();
    }

    @Test
    @FaultRow(46)
    void saysWhichHostsHaveNoAddress() {
        List<UnusedRecords> told = new ArrayList<>();
        scene.start("svc", scene.args().setArg(ResolverArgs.LIFE, new HeardLife(told)));
        Endpoint unknown =
                Endpoint.builder("svc", "unknown.example", 80).key("/svc/u").build();
        source.publish("svc", A, unknown);
        clock.runDue();
        assertThat(told.get(told.size() - 1).some()).singleElement().satisfies(each -> {
            assertThat(each.key()).isEqualTo("/svc/u");
            assertThat(each.cause()).isEqualTo(UnusedRecords.Cause.NO_ADDRESS);
            assertThat(each.detail()).startsWith("host name 'unknown.example' cannot be looked up: java.net.Unkn");
        });
        UnusedRecords refused = new UnusedRecords(
                3, List.of(new UnusedRecords.Unused("/svc/x", UnusedRecords.Cause.REFUSED, false, "why")));
        source.unused("svc", refused);
        clock.runDue();
        assertThat(told.get(told.size() - 1).total()).isEqualTo(4);
        assertThat(told.get(told.size() - 1).some()).extracting("key").containsExactly("/svc/x", "/svc/u");
        int before = told.size();
        source.publish("svc", A, unknown, B);
        clock.runDue();
        assertThat(told).as("told only where it changed").hasSize(before);
        source.publish("svc", List.of());
        clock.forward(Duration.ofHours(1));
        assertThat(scene.error().getDescription())
                .isEqualTo("etcd:///svc: no endpoint is registered that can be used: 3 not used, such as /svc/x: why");
        int delivered = scene.results.size();
        source.unused("svc", new UnusedRecords(3, refused.some()));
        clock.runDue();
        assertThat(scene.results).as("the same reason").hasSize(delivered);
        source.unused("svc", UnusedRecords.NONE);
        clock.runDue();
        assertThat(scene.error().getDescription()).isEqualTo("etcd:///svc: no endpoint is registered");
    }

    /** They come before the list: that is not yet an answer. */
    @Test
    void waitsForTheListWhenOnlyUnusedRecordsAreKnown() {
        scene.start();
        source.unused("svc", new UnusedRecords(1, List.of()));
        clock.runDue();
        assertThat(scene.results).isEmpty();
        source.publish("svc", List.of());
        clock.runDue();
        assertThat(scene.error().getDescription())
                .isEqualTo("etcd:///svc: no endpoint is registered that can be used: 1 not used");
    }

    private record HeardLife(List<UnusedRecords> told) implements ResolverLife {

        @Override
        public void made(String service) {}

        @Override
        public void started() {}

        @Override
        public void unused(UnusedRecords unused) {
            told.add(unused);
        }

        @Override
        public void closed() {}
    }

    @Test
    void saysSoWhereNoHostCanBeLookedUp() {
        scene.start();
        source.publish("svc", Endpoint.builder("svc", "unknown.example", 80).build());
        clock.runDue();
        assertThat(scene.error().getDescription())
                .isEqualTo("etcd:///svc: none of the 1 endpoints has a host that can be looked up");
    }

    @Test
    @FaultRow(34)
    void asksAgainByItselfForAHostThatCouldNotBeLookedUp() {
        scene.start();
        source.publish("svc", A, Endpoint.builder("svc", "late.example", 80).build());
        clock.runDue();
        assertThat(scene.addresses()).hasSize(1);
        nameServer.knowsLateHosts = true;
        clock.forward(Duration.ofSeconds(5));
        assertThat(scene.addresses()).hasSize(2);
        assertThat(clock.pending()).isEqualTo(1); // the next lookup by age
        scene.shutdown();
        assertThat(clock.pending()).isZero();
    }

    @Test
    @FaultRow(34)
    void deliversManyHostNamesInOneList() {
        scene.start();
        source.publish("svc", hosts(30));
        clock.runDue();
        assertThat(scene.results).hasSize(1);
        assertThat(scene.addresses()).hasSize(30);
        assertThat(clock.pending()).isEqualTo(1); // the next lookup by age
    }

    @Test
    @FaultRow(34)
    void aSlowNameServerHoldsUpNobodyElse() {
        scene.slowLookups = true;
        Endpoint slow = Endpoint.builder("svc", "slow.example", 80).build();
        scene.start();
        source.publish("svc", A, B, slow);
        clock.forward(Duration.ofMillis(100));
        assertThat(scene.addresses()).hasSize(2);
        source.publish("svc", draining(A), slow);
        clock.forward(Duration.ofMillis(100));
        assertThat(scene.addresses()).hasSize(1);
        clock.forward(Duration.ofSeconds(20));
        scene.underWay.remove().run();
        clock.runDue();
        assertThat(scene.endpoints()).containsExactly(draining(A), slow);
        assertThat(scene.underWay).isEmpty();
    }

    @Test
    @FaultRow(34)
    void staysWithTheListBeforeUntilANameOfTheNewOneIsAnswered() {
        scene.slowLookups = true;
        scene.start();
        source.publish("svc", A);
        clock.runDue();
        source.publish("svc", hosts(2));
        clock.forward(Duration.ofHours(1));
        assertThat(scene.results).hasSize(1);
        scene.underWay.remove().run();
        clock.runDue();
        assertThat(scene.results).hasSize(2);
        assertThat(scene.addresses()).hasSize(1);
        scene.underWay.remove().run();
        clock.runDue();
        assertThat(scene.addresses()).hasSize(2);
        assertThat(clock.pending()).isEqualTo(1); // the next lookup by age
    }

    @Test
    @FaultRow(34)
    void saysSoWhereTheFirstAnswerIsSlow() {
        scene.slowLookups = true;
        scene.start();
        source.publish("svc", hosts(2));
        clock.forward(Duration.ofMillis(4_999));
        assertThat(scene.results).isEmpty();
        clock.forward(Duration.ofMillis(1));
        assertThat(scene.error().getDescription())
                .isEqualTo("etcd:///svc: discovery not ready: the host names are being looked up");
        scene.underWay.remove().run();
        clock.runDue();
        assertThat(scene.addresses()).hasSize(1);
    }

    @Test
    @FaultRow(34)
    void keepsTheLastAnswersWhileNewOnesAreSlow() {
        scene.start();
        source.publish("svc", hosts(3));
        clock.forward(Duration.ofSeconds(5));
        scene.slowLookups = true;
        scene.refresh();
        clock.runDue();
        assertThat(scene.underWay).hasSize(3);
        source.publish("svc", hosts(2));
        clock.runDue();
        assertThat(scene.addresses()).hasSize(2);
        clock.forward(Duration.ofSeconds(5));
        scene.refresh();
        clock.runDue();
        assertThat(scene.underWay).hasSize(3);
    }

    @Test
    void asksNoNameServerAfterItsShutdown() {
        scene.slowLookups = true;
        scene.start();
        source.publish("svc", hosts(30));
        clock.runDue();
        assertThat(scene.underWay).hasSize(HostNames.AT_ONCE);
        scene.shutdown();
        for (int i = 0; i < HostNames.AT_ONCE; i++) {
            scene.underWay.remove().run();
        }
        clock.runDue();
        assertThat(scene.underWay).isEmpty();
        assertThat(scene.results).isEmpty();
        assertThat(clock.pending()).isZero();
    }

    private static List<String> hostsOf(EquivalentAddressGroup group) {
        return group.getAddresses().stream()
                .map(address -> ((InetSocketAddress) address).getAddress().getHostAddress())
                .toList();
    }

    private static List<Endpoint> hosts(int number) {
        return IntStream.rangeClosed(1, number)
                .mapToObj(each ->
                        Endpoint.builder("svc", "host" + each + ".example", 80).build())
                .toList();
    }
}
