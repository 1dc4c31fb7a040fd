package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FaultRow;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.NameResolver.ResolutionResult;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The rules N1 to N14 for name resolvers, of docs/grpc-facts.md. Time and threads are fake: what the offload executor has to do, the
 * clock runs.
 */
@ExtendWith(CapturedLog.Extension.class)
class EndpointNameResolverTest {

    private static final Endpoint A = Endpoint.builder("svc", "10.0.0.1", 80).build();
    private static final Endpoint B = Endpoint.builder("svc", "10.0.0.2", 80).build();

    private final FakeClock clock = new FakeClock();
    private final SynchronizationContext syncContext = new SynchronizationContext((thread, e) -> {
        throw new AssertionError("the channel would panic", e);
    });
    private final FakeEndpointSource source = new FakeEndpointSource();
    private final LiveServiceConfig serviceConfig = new LiveServiceConfig();
    private final List<ResolutionResult> results = new ArrayList<>();
    private boolean refusing;
    private final Queue<Runnable> underWay = new ArrayDeque<>();
    private boolean slowLookups;
    private boolean inOffload;
    private int lookups;
    private boolean lateHostIsKnown;
    private byte hostAddress = 1;

    @Test
    @FaultRow(42)
    void deliversAListThatIsKnownAtOnce() {
        source.publish("svc", A, B);
        start();
        clock.runDue();
        assertThat(addresses()).hasSize(2);
        assertThat(addresses().get(0).getAttributes().get(EndpointAttributes.ENDPOINT))
                .isSameAs(A);
        assertThat(clock.pending()).isZero();
    }

    @Test
    void runsNothingOfGrpcOnTheSourcesThread() {
        start();
        source.publish("svc", A);
        source.unavailable("svc", "etcd unreachable");
        serviceConfig.set(Map.of());
        assertThat(results).isEmpty();
        clock.runDue();
        assertThat(results).isNotEmpty();
    }

    @Test
    @FaultRow(40)
    void handsOnlyTheLatestOfManyListsOver() {
        start();
        source.publish("svc", A);
        source.publish("svc", A, B);
        source.publish("svc", B);
        clock.runDue();
        assertThat(results).hasSize(1);
        assertThat(addresses()).hasSize(1);
        assertThat(addresses().get(0).getAttributes().get(EndpointAttributes.ENDPOINT))
                .isSameAs(B);
    }

    @Test
    void staysSilentWhileTheFirstListMayJustBeSlow() {
        start();
        clock.forward(Duration.ofMillis(4_999));
        assertThat(results).isEmpty();
        clock.forward(Duration.ofMillis(1));
        assertThat(error().getDescription()).isEqualTo("etcd:///svc: discovery not ready: no answer yet");
    }

    @Test
    void saysAtOnceWhyTheSourceHasNoList() {
        start();
        source.unavailable("svc", "etcd unreachable: connection refused");
        clock.runDue();
        assertThat(error().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(error().getDescription())
                .isEqualTo("etcd:///svc: discovery not ready: etcd unreachable: connection refused");
    }

    @Test
    void saysTheNewReasonWhenItChangesAndHealsByItself() {
        start();
        source.unavailable("svc", "etcd unreachable");
        clock.runDue();
        assertThat(error().getDescription()).endsWith("etcd unreachable");
        source.unavailable("svc", "permission denied");
        clock.runDue();
        assertThat(error().getDescription()).endsWith("permission denied");
        source.publish("svc", A);
        clock.runDue();
        assertThat(addresses()).hasSize(1);
    }

    @Test
    void reportsAnEmptyListAsAnErrorAtOnce() {
        start();
        source.publish("svc");
        clock.runDue();
        assertThat(error().getDescription()).isEqualTo("etcd:///svc: no endpoint is registered");
        assertThat(clock.pending()).isZero();
    }

    @Test
    @FaultRow(36)
    void neverDeliversAnEmptyListAfterAGoodOne() {
        start();
        source.publish("svc", A, B);
        clock.runDue();
        List<EquivalentAddressGroup> good = addresses();
        source.publish("svc");
        clock.runDue();
        assertThat(addresses()).isEqualTo(good);
        assertThat(unlisted().suspects()).isEqualTo(good);
        assertThat(unlisted().all()).isTrue();
        source.publish("svc", B);
        clock.runDue();
        assertThat(addresses()).containsExactly(good.get(1));
        assertThat(unlisted().suspects()).containsExactly(good.get(0));
        assertThat(unlisted().all()).isFalse();
        source.publish("svc", A, B);
        clock.runDue();
        assertThat(addresses()).isEqualTo(good);
        assertThat(unlisted().suspects()).isEmpty();
        assertThat(clock.pending()).isZero();
    }

    @Test
    @FaultRow(36)
    void givesTheLastListUpAfterItsTime() {
        start();
        source.publish("svc", A, B);
        clock.runDue();
        source.publish("svc");
        clock.forward(Duration.ofMinutes(5).minusMillis(1));
        assertThat(addresses()).hasSize(2);
        clock.forward(Duration.ofMillis(1));
        assertThat(error().getDescription()).isEqualTo("etcd:///svc: no endpoint is registered");
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
        assertThat(clock.pending()).isZero();
    }

    @Test
    void keepsTheLastListWithoutLimitWhileTheRegistryIsUnreachable() {
        start();
        source.publish("svc", A, B);
        source.publish("svc");
        clock.forward(Duration.ofMinutes(4));
        source.reachable("svc", false);
        clock.forward(Duration.ofDays(30));
        assertThat(addresses()).hasSize(2);
        assertThat(clock.pending()).isZero();
        source.reachable("svc", true);
        clock.forward(Duration.ofSeconds(59));
        assertThat(addresses()).hasSize(2);
        clock.forward(Duration.ofSeconds(1));
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void trustsTheRegistryAtOnceWhereItIsToldTo() {
        start(
                args().setArg(ResolverArgs.SOURCE, source)
                        .setArg(ResolverArgs.STALE_MAX, Duration.ZERO)
                        .build(),
                "svc");
        source.publish("svc", A, B);
        source.publish("svc");
        clock.runDue();
        assertThat(error().getDescription()).isEqualTo("etcd:///svc: no endpoint is registered");
    }

    /** The list in which somebody drains may be followed so fast that nobody ever takes it for its addresses. */
    @Test
    void seesWhoDrainsInAListThatIsNotHandedOver() {
        start();
        source.publish("svc", A, B);
        clock.runDue();
        source.publish("svc", draining(A), draining(B));
        source.publish("svc");
        clock.runDue();
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    @FaultRow(43)
    void deliversNothingWhereNothingChanged() {
        start();
        source.publish("svc", A, B);
        clock.runDue();
        source.publish("svc", A.toBuilder().build(), B);
        clock.runDue();
        assertThat(results).hasSize(1);
    }

    @Test
    void deliversNothingAfterItsShutdownAndLetsTheSourceGo() {
        NameResolver resolver = start();
        source.publish("svc", A);
        syncContext.execute(resolver::shutdown);
        source.publish("svc", B);
        serviceConfig.set(Map.of());
        clock.forward(Duration.ofMinutes(1));
        assertThat(results).isEmpty();
        assertThat(source.followers()).isZero();
        assertThat(clock.pending()).isZero();
    }

    @Test
    void takesTheListByItselfOnceTheExecutorRefusesNoMore() {
        refusing = true;
        NameResolver resolver = start();
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(2));
        assertThat(results).isEmpty();
        refusing = false;
        clock.forward(Duration.ofSeconds(1));
        assertThat(addresses()).hasSize(1);
        assertThat(clock.pending()).isZero();
        refusing = true;
        source.publish("svc", B);
        syncContext.execute(resolver::shutdown);
        clock.forward(Duration.ofSeconds(1));
        assertThat(clock.pending()).isZero();
    }

    @Test
    void failsWithAHintWhereTheChannelHasNoSource() {
        start(args().build(), "svc");
        assertThat(error().getDescription())
                .isEqualTo("etcd:///svc: no source of endpoints: the channel was built without"
                        + " setNameResolverArg(ResolverArgs.SOURCE, source)");
    }

    @Test
    @FaultRow(48)
    void failsWithTheReasonWhereTheSourceRefusesTheName() {
        NameResolver resolver = start(args().setArg(ResolverArgs.SOURCE, source).build(), "/svc");
        assertThat(error().getDescription())
                .isEqualTo(
                        "etcd:////svc: cannot follow the service:" + " service: '/svc' (expected: no leading slash)");
        syncContext.execute(resolver::refresh);
        syncContext.execute(resolver::shutdown);
    }

    @Test
    @FaultRow({34, 38})
    void passesHintsOnAndAsksNameServersNoMoreThanEveryFiveSeconds() {
        NameResolver resolver = start();
        source.publish("svc", Endpoint.builder("svc", "host.example", 80).build());
        clock.runDue();
        assertThat(lookups).isEqualTo(1);
        clock.forward(Duration.ofSeconds(5));
        for (int i = 0; i < 100; i++) {
            syncContext.execute(resolver::refresh);
            clock.runDue();
        }
        assertThat(source.refreshes()).isEqualTo(100);
        assertThat(lookups).isEqualTo(2);
        assertThat(results).hasSize(1);
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
        start();
        source.publish("svc", byAddress, otherPort, byName);
        clock.runDue();
        assertThat(endpoints()).containsExactly(otherPort, byName);
        List<EquivalentAddressGroup> first = addresses();
        source.publish("svc", byAddress, otherPort, byName, B);
        clock.runDue();
        assertThat(endpoints()).containsExactly(otherPort, byName, B);
        assertThat(addresses().get(1)).isSameAs(first.get(1));
        // the process behind the address is the later one
        Endpoint later = byAddress.toBuilder().startedAt(1).build();
        source.publish("svc", later, otherPort, byName, B);
        clock.runDue();
        assertThat(endpoints()).containsExactly(later, otherPort, B);
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
        start();
        source.publish("svc", byAddress, byName, B);
        clock.runDue();
        source.publish("svc", byName, B);
        clock.runDue();
        assertThat(endpoints()).containsExactly(byName, B);
        assertThat(unlisted().missing()).isEmpty();
    }

    @Test
    @FaultRow(34)
    void takesAHintThatComesTooEarlyUpLater() {
        NameResolver resolver = start();
        source.publish("svc", Endpoint.builder("svc", "host.example", 80).build());
        clock.forward(Duration.ofSeconds(1));
        hostAddress = 2;
        for (int i = 0; i < 100; i++) {
            syncContext.execute(resolver::refresh);
        }
        clock.forward(Duration.ofMillis(3_999));
        assertThat(lookups).isEqualTo(1);
        clock.forward(Duration.ofMillis(1));
        assertThat(lookups).isEqualTo(2);
        assertThat(hostsOf(addresses().get(0))).containsExactly("10.1.0.2", "10.1.0.1");
        clock.forward(Duration.ofSeconds(4));
        syncContext.execute(resolver::refresh);
        syncContext.execute(resolver::shutdown);
        clock.runDue();
        assertThat(clock.pending()).isZero();
        assertThat(lookups).isEqualTo(2);
    }

    @Test
    @FaultRow(34)
    void followsANameThatMovesThoughNothingFails() {
        start();
        source.publish("svc", A, Endpoint.builder("svc", "host.example", 80).build());
        clock.runDue();
        EquivalentAddressGroup literal = addresses().get(0);
        hostAddress = 2;
        clock.forward(Duration.ofSeconds(30));
        assertThat(hostsOf(addresses().get(1))).containsExactly("10.1.0.2", "10.1.0.1");
        clock.forward(Duration.ofSeconds(30));
        assertThat(hostsOf(addresses().get(1))).containsExactly("10.1.0.2");
        assertThat(addresses().get(0)).isSameAs(literal);
        int delivered = results.size();
        clock.forward(Duration.ofMinutes(10));
        assertThat(results).hasSize(delivered);
        assertThat(lookups).isEqualTo(23);
    }

    @Test
    @FaultRow({34, 46})
    void followsNoNameToWhereItMustNotLead() {
        source.allow(new AddressRules(List.of(Cidr.parse("10.1.0.1/32")), List.of(), true));
        start(args().setArg(ResolverArgs.SOURCE, source).build(), "svc");
        source.publish("svc", Endpoint.builder("svc", "host.example", 80).build());
        clock.runDue();
        hostAddress = 2;
        clock.forward(Duration.ofMinutes(2));
        assertThat(lookups).isEqualTo(5);
        assertThat(hostsOf(addresses().get(0))).containsExactly("10.1.0.1");
        assertThat(results).hasSize(1);
    }

    @Test
    @FaultRow(38)
    void asksNoNameServerForLiterals() {
        NameResolver resolver = start();
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(6));
        syncContext.execute(resolver::refresh);
        clock.runDue();
        assertThat(lookups).isZero();
    }

    @Test
    void saysSoWhereNoHostCanBeLookedUp() {
        start();
        source.publish("svc", Endpoint.builder("svc", "unknown.example", 80).build());
        clock.runDue();
        assertThat(error().getDescription())
                .isEqualTo("etcd:///svc: none of the 1 endpoints has a host that can be looked up");
    }

    @Test
    @FaultRow(34)
    void asksAgainByItselfForAHostThatCouldNotBeLookedUp() {
        NameResolver resolver = start();
        source.publish("svc", A, Endpoint.builder("svc", "late.example", 80).build());
        clock.runDue();
        assertThat(addresses()).hasSize(1);
        lateHostIsKnown = true;
        clock.forward(Duration.ofSeconds(5));
        assertThat(addresses()).hasSize(2);
        assertThat(clock.pending()).isEqualTo(1); // the next lookup by age
        syncContext.execute(resolver::shutdown);
        assertThat(clock.pending()).isZero();
    }

    @Test
    @FaultRow(34)
    void deliversManyHostNamesInOneList() {
        start();
        source.publish("svc", hosts(30));
        clock.runDue();
        assertThat(results).hasSize(1);
        assertThat(addresses()).hasSize(30);
        assertThat(clock.pending()).isEqualTo(1); // the next lookup by age
    }

    @Test
    @FaultRow(34)
    void aSlowNameServerHoldsUpNobodyElse() {
        slowLookups = true;
        Endpoint slow = Endpoint.builder("svc", "slow.example", 80).build();
        start();
        source.publish("svc", A, B, slow);
        clock.forward(Duration.ofMillis(100));
        assertThat(addresses()).hasSize(2);
        source.publish("svc", draining(A), slow);
        clock.forward(Duration.ofMillis(100));
        assertThat(addresses()).hasSize(1);
        clock.forward(Duration.ofSeconds(20));
        underWay.remove().run();
        clock.runDue();
        assertThat(addresses())
                .extracting(group -> group.getAttributes().get(EndpointAttributes.ENDPOINT))
                .containsExactly(draining(A), slow);
        assertThat(underWay).isEmpty();
    }

    @Test
    @FaultRow(34)
    void staysWithTheListBeforeUntilANameOfTheNewOneIsAnswered() {
        slowLookups = true;
        start();
        source.publish("svc", A);
        clock.runDue();
        source.publish("svc", hosts(2));
        clock.forward(Duration.ofHours(1));
        assertThat(results).hasSize(1);
        underWay.remove().run();
        clock.runDue();
        assertThat(results).hasSize(2);
        assertThat(addresses()).hasSize(1);
        underWay.remove().run();
        clock.runDue();
        assertThat(addresses()).hasSize(2);
        assertThat(clock.pending()).isEqualTo(1); // the next lookup by age
    }

    @Test
    @FaultRow(34)
    void saysSoWhereTheFirstAnswerIsSlow() {
        slowLookups = true;
        start();
        source.publish("svc", hosts(2));
        clock.forward(Duration.ofMillis(4_999));
        assertThat(results).isEmpty();
        clock.forward(Duration.ofMillis(1));
        assertThat(error().getDescription())
                .isEqualTo("etcd:///svc: discovery not ready: the host names are being looked up");
        underWay.remove().run();
        clock.runDue();
        assertThat(addresses()).hasSize(1);
    }

    @Test
    @FaultRow(34)
    void keepsTheLastAnswersWhileNewOnesAreSlow() {
        NameResolver resolver = start();
        source.publish("svc", hosts(3));
        clock.forward(Duration.ofSeconds(5));
        slowLookups = true;
        syncContext.execute(resolver::refresh);
        clock.runDue();
        assertThat(underWay).hasSize(3);
        source.publish("svc", hosts(2));
        clock.runDue();
        assertThat(addresses()).hasSize(2);
        clock.forward(Duration.ofSeconds(5));
        syncContext.execute(resolver::refresh);
        clock.runDue();
        assertThat(underWay).hasSize(3);
    }

    @Test
    void asksNoNameServerAfterItsShutdown() {
        slowLookups = true;
        NameResolver resolver = start();
        source.publish("svc", hosts(30));
        clock.runDue();
        assertThat(underWay).hasSize(HostNames.AT_ONCE);
        syncContext.execute(resolver::shutdown);
        for (int i = 0; i < HostNames.AT_ONCE; i++) {
            underWay.remove().run();
        }
        clock.runDue();
        assertThat(underWay).isEmpty();
        assertThat(results).isEmpty();
        assertThat(clock.pending()).isZero();
    }

    @Test
    void sendsTheServiceConfigWithEachListAndAgainWhenItChanges() {
        start();
        source.publish("svc", A);
        clock.runDue();
        assertThat(config()).isNull();
        serviceConfig.set(Map.of("policy", "random"));
        clock.runDue();
        assertThat(config()).isEqualTo(Map.of("policy", "random"));
        assertThat(addresses()).hasSize(1);
        source.publish("svc", B);
        clock.runDue();
        assertThat(config()).isEqualTo(Map.of("policy", "random"));
        serviceConfig.set(null);
        clock.runDue();
        assertThat(config()).isNull();
    }

    @Test
    void staysWithTheLastGoodServiceConfig() {
        start();
        source.publish("svc", A);
        serviceConfig.set(Map.of("policy", "random"));
        clock.runDue();
        for (String bad : List.of("bad", "throws")) {
            serviceConfig.set(Map.of(bad, true));
            clock.runDue();
            assertThat(config()).isEqualTo(Map.of("policy", "random"));
        }
    }

    @Test
    void waitsForAFirstServerWhereNoneIsRegisteredYet() {
        startWaiting(Duration.ofSeconds(2));
        source.publish("svc");
        clock.forward(Duration.ofMillis(1_999));
        assertThat(results).isEmpty();
        source.publish("svc", A);
        clock.runDue();
        assertThat(addresses()).hasSize(1);
        assertThat(clock.pending()).isZero();
    }

    @Test
    void waitsNoLongerThanItIsTold() {
        startWaiting(Duration.ofSeconds(2));
        clock.forward(Duration.ofMillis(500));
        source.publish("svc");
        clock.forward(Duration.ofSeconds(1));
        source.publish("svc");
        clock.forward(Duration.ofMillis(499));
        assertThat(results).isEmpty();
        clock.forward(Duration.ofMillis(1));
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
        assertThat(clock.pending()).isZero();
        source.publish("svc", A);
        clock.runDue();
        assertThat(addresses()).hasSize(1);
    }

    @Test
    void waitsForNoServerWhereItIsToldNotTo() {
        startWaiting(Duration.ZERO);
        source.publish("svc");
        clock.runDue();
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void anEmptyFirstListThatComesLateIsToldAtOnce() {
        startWaiting(Duration.ofSeconds(2));
        clock.forward(Duration.ofSeconds(3));
        source.publish("svc");
        clock.runDue();
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    @FaultRow(2)
    void aRegistryThatIsAwayIsNotWaitedFor() {
        startWaiting(Duration.ofSeconds(2));
        source.unavailable("svc", "etcd unreachable: connection refused");
        clock.runDue();
        assertThat(error().getDescription()).endsWith("etcd unreachable: connection refused");
        source.publish("svc");
        clock.forward(Duration.ofSeconds(2));
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    /** What came and went may be the state from before a pause, told only now. */
    @Test
    void whoeverLeavesMeanwhileIsWaitedForToo() {
        startWaiting(Duration.ofHours(1));
        source.publish("svc", A);
        clock.runDue();
        source.publish("svc", draining(A));
        clock.runDue();
        source.publish("svc");
        assertAwaitedForTwoSeconds();
    }

    @Test
    void theLastServerThatLeavesLaterIsNotWaitedFor() {
        startWaiting(Duration.ofSeconds(2));
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(2));
        source.publish("svc", draining(A));
        source.publish("svc");
        clock.runDue();
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void callsWaitWhereOnlySuspectsAreKnownWhenTheApplicationGoesOn() {
        InitialWait wait = startWaiting(Duration.ofSeconds(2));
        source.publish("svc", A);
        clock.forward(Duration.ofSeconds(2));
        source.publish("svc");
        clock.runDue();
        assertThat(addresses()).hasSize(1);
        assertThat(unlisted().none().getCause()).isInstanceOf(NoEndpointException.class);
        wait.begin();
        assertThat(addresses()).hasSize(1);
        assertThat(unlisted().none().getCause()).isInstanceOf(EndpointAwaitedException.class);
        clock.forward(Duration.ofSeconds(2));
        assertThat(addresses()).hasSize(1);
        assertThat(unlisted().none().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void serversThatAreKnownButCannotBeLookedUpAreNotWaitedFor() {
        startWaiting(Duration.ofSeconds(2));
        source.publish("svc", Endpoint.builder("svc", "unknown.example", 80).build());
        clock.runDue();
        assertThat(error().getDescription()).contains("none of the 1 endpoints has a host");
    }

    @Test
    void waitsAnewWhereTheApplicationGoesOn() {
        InitialWait wait = startWaiting(Duration.ofSeconds(2));
        source.publish("svc");
        clock.forward(Duration.ofHours(1));
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
        wait.begin();
        assertThat(error().getCause()).isInstanceOf(EndpointAwaitedException.class);
        clock.forward(Duration.ofMillis(1_999));
        wait.begin();
        assertAwaitedForTwoSeconds();
        wait.begin();
        source.publish("svc", A);
        clock.runDue();
        assertThat(addresses()).hasSize(1);
        int before = results.size();
        wait.begin();
        // who could not be reached is dialled again
        assertThat(results).hasSize(before + 2);
        assertThat(addresses()).hasSize(1);
        source.publish("svc", A.toBuilder().state(Endpoint.State.DRAINING).build());
        clock.runDue();
        source.publish("svc");
        assertAwaitedForTwoSeconds();
    }

    @Test
    void waitsForNothingAfterItsShutdown() {
        InitialWait wait = new InitialWait(Duration.ofSeconds(2));
        NameResolver resolver = startWaiting(wait);
        source.publish("svc");
        clock.runDue();
        syncContext.execute(resolver::shutdown);
        wait.begin();
        clock.forward(Duration.ofMinutes(1));
        assertThat(results).isEmpty();
        assertThat(clock.pending()).isZero();
    }

    private void assertAwaitedForTwoSeconds() {
        clock.forward(Duration.ofMillis(1_999));
        assertThat(error().getCause()).isInstanceOf(EndpointAwaitedException.class);
        clock.forward(Duration.ofMillis(1));
        assertThat(error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    private InitialWait startWaiting(Duration time) {
        InitialWait wait = new InitialWait(time);
        startWaiting(wait);
        return wait;
    }

    private NameResolver startWaiting(InitialWait wait) {
        return start(
                args().setArg(ResolverArgs.SOURCE, source)
                        .setArg(ResolverArgs.INITIAL_WAIT, wait)
                        .build(),
                "svc");
    }

    private NameResolver start() {
        return start(
                args().setArg(ResolverArgs.SOURCE, source)
                        .setArg(ResolverArgs.SERVICE_CONFIG, serviceConfig)
                        .build(),
                "svc");
    }

    private NameResolver start(NameResolver.Args args, String service) {
        NameResolver resolver =
                new EndpointNameResolver("etcd:///" + service, service, args, this::lookUp, clock::nanoTime);
        syncContext.execute(() -> resolver.start(new NameResolver.Listener2() {
            @Override
            public void onResult(ResolutionResult result) {
                syncContext.throwIfNotInThisSynchronizationContext();
                results.add(result);
            }

            @Override
            public void onError(Status error) {
                throw new AssertionError("superseded by onResult2");
            }
        }));
        return resolver;
    }

    private NameResolver.Args.Builder args() {
        return NameResolver.Args.newBuilder()
                .setDefaultPort(443)
                .setProxyDetector(address -> null)
                .setSynchronizationContext(syncContext)
                .setScheduledExecutorService(clock)
                .setOffloadExecutor(this::offload)
                .setServiceConfigParser(new NameResolver.ServiceConfigParser() {
                    @Override
                    public ConfigOrError parseServiceConfig(Map<String, ?> raw) {
                        if (raw.containsKey("throws")) {
                            throw new IllegalStateException("parser broken on purpose");
                        }
                        return raw.containsKey("bad")
                                ? ConfigOrError.fromError(Status.UNKNOWN.withDescription("bad on purpose"))
                                : ConfigOrError.fromConfig(raw);
                    }
                });
    }

    private void offload(Runnable task) {
        if (refusing) {
            throw new RejectedExecutionException("on purpose");
        }
        if (slowLookups && inOffload) {
            underWay.add(task);
            return;
        }
        clock.execute(() -> {
            inOffload = true;
            task.run();
            inOffload = false;
        });
    }

    private List<InetAddress> lookUp(String host) throws UnknownHostException {
        syncContextMustNotWait();
        lookups++;
        if (host.startsWith("unknown") || (host.startsWith("late") && !lateHostIsKnown)) {
            throw new UnknownHostException(host);
        }
        String number = host.replaceAll("\\D", "");
        int each = number.isEmpty() ? hostAddress : Integer.parseInt(number);
        return List.of(InetAddress.getByAddress(new byte[] {10, 1, (byte) (each / 250), (byte) (each % 250)}));
    }

    private static List<String> hostsOf(EquivalentAddressGroup group) {
        return group.getAddresses().stream()
                .map(address -> ((InetSocketAddress) address).getAddress().getHostAddress())
                .toList();
    }

    private void syncContextMustNotWait() {
        try {
            syncContext.throwIfNotInThisSynchronizationContext();
        } catch (IllegalStateException expected) {
            return;
        }
        throw new AssertionError("a name server is asked inside the synchronization context");
    }

    private static List<Endpoint> hosts(int number) {
        return IntStream.rangeClosed(1, number)
                .mapToObj(each ->
                        Endpoint.builder("svc", "host" + each + ".example", 80).build())
                .toList();
    }

    private static Endpoint draining(Endpoint endpoint) {
        return endpoint.toBuilder().state(Endpoint.State.DRAINING).build();
    }

    private List<Endpoint> endpoints() {
        return addresses().stream()
                .map(group -> group.getAttributes().get(EndpointAttributes.ENDPOINT))
                .toList();
    }

    private Unlisted unlisted() {
        return last().getAttributes().get(EndpointAttributes.UNLISTED);
    }

    private List<EquivalentAddressGroup> addresses() {
        return last().getAddressesOrError().getValue();
    }

    private Status error() {
        return last().getAddressesOrError().getStatus();
    }

    private Object config() {
        return last().getServiceConfig() == null
                ? null
                : last().getServiceConfig().getConfig();
    }

    private ResolutionResult last() {
        return results.get(results.size() - 1);
    }
}
