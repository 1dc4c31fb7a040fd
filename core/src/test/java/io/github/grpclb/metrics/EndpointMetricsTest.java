package io.github.grpclb.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.BalancerArgs;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.NameResolver;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The meters of endpoints that a real balancer over fake connections knows. */
class EndpointMetricsTest {

    private static final int BOUND = 3;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final LiveEndpoints live = new LiveEndpoints();
    private final AtomicInteger listings = new AtomicInteger();
    private final CallMetrics metrics = new CallMetrics(
            registry, new EndpointMetrics(registry, live::changes, this::list, live::slowStarts, BOUND));
    private final EndpointLoads loads =
            new EndpointLoads(Duration.ofMinutes(5), () -> this.helper.clock().nanoTime());
    private final FakeHelper helper = new FakeHelper(NameResolver.Args.newBuilder()
            .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
            .setArg(BalancerArgs.LOADS, loads)
            .setArg(BalancerArgs.OBSERVER, metrics));
    private final LoadBalancer balancer = new PolicyLoadBalancerProvider().newLoadBalancer(helper);

    private Map<String, ?> config = Map.of();

    @Test
    void anEndpointThatTakesCallsHasItsWeight() {
        accept(endpoint(1).weight(5).build(), endpoint(2).build());
        assertThat(weight("127.0.0.1:1")).isZero();
        ready();
        assertThat(weight("127.0.0.1:1")).isEqualTo(5);
        accept(
                endpoint(1).weight(7).build(),
                endpoint(2).state(Endpoint.State.DRAINING).build());
        assertThat(weight("127.0.0.1:1")).isEqualTo(7);
        assertThat(weight("127.0.0.1:2")).isZero();
    }

    @Test
    void theMetersOfAnEndpointThatIsGoneAreRemoved() {
        accept(endpoint(1).build(), endpoint(2).build());
        ready();
        assertThat(endpoints()).containsExactlyInAnyOrder("127.0.0.1:1", "127.0.0.1:2");
        accept(endpoint(2).build());
        assertThat(endpoints()).containsExactly("127.0.0.1:2");
        helper.inSyncContext(balancer::shutdown);
        assertThat(endpoints()).isEmpty();
    }

    @Test
    void endpointsBeyondTheBoundShareOneTagUntilThereIsRoom() {
        accept(IntStream.rangeClosed(1, 5)
                .mapToObj(port -> endpoint(port).build())
                .toArray(Endpoint[]::new));
        ready();
        assertThat(endpoints()).containsExactlyInAnyOrder("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "other");
        assertThat(weight("other")).isEqualTo(2);
        accept(endpoint(3).build(), endpoint(4).build(), endpoint(5).build());
        assertThat(endpoints()).containsExactlyInAnyOrder("127.0.0.1:3", "127.0.0.1:4", "127.0.0.1:5");
    }

    @Test
    void callsAreReadFromTheLoadOfTheirServer() {
        accept(endpoint(1).build());
        ready();
        EndpointLoad load = live.endpoints("svc").iterator().next().load();
        load.started(1);
        assertThat(registry.get("grpc.lb.endpoint.in.flight").gauge().value()).isEqualTo(1);
        load.ended(CallOutcome.FAILURE, false, 1, 2);
        assertThat(registry.get("grpc.lb.endpoint.in.flight").gauge().value()).isZero();
        assertThat(registry.get("grpc.lb.endpoint.calls")
                        .tags("endpoint", "127.0.0.1:1", "outcome", "failure")
                        .functionCounter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void anEjectedEndpointIsNotReadyAndHasNoWeight() {
        config = Map.of(
                "outlierDetection",
                Map.of(
                        "interval",
                        "10s",
                        "maxEjectionPercent",
                        50,
                        "failurePercentageEjection",
                        Map.of("minimumHosts", 1, "requestVolume", 10)));
        accept(endpoint(1).build(), endpoint(2).build());
        ready();
        EndpointLoad failing = live.endpoints("svc").iterator().next().load();
        for (int i = 0; i < 50; i++) {
            failing.started(1);
            failing.ended(CallOutcome.FAILURE, false, 1, 2);
        }
        helper.clock().forward(Duration.ofSeconds(10));
        assertThat(state("ejected")).isEqualTo(1);
        assertThat(state("ready")).isEqualTo(1);
        assertThat(weight("127.0.0.1:1")).isZero();
        assertThat(weight("127.0.0.1:2")).isEqualTo(1);
    }

    @Test
    void anEndpointThatIsNewHasAPartOfItsWeight() {
        config = Map.of("policy", "weighted_random", "slowStart", Map.of("window", "60s"));
        accept(endpoint(1).weight(5).build());
        ready();
        assertThat(slowStart("127.0.0.1:1")).as("it has nobody beside it").isEqualTo(1);
        helper.clock().forward(Duration.ofSeconds(60));
        accept(endpoint(1).weight(5).build(), endpoint(2).weight(5).build());
        ready();
        assertThat(slowStart("127.0.0.1:1")).isEqualTo(1);
        assertThat(slowStart("127.0.0.1:2")).isEqualTo(0.1);
        assertThat(weight("127.0.0.1:2")).as("before slow start").isEqualTo(5);
        helper.clock().forward(Duration.ofSeconds(30));
        assertThat(slowStart("127.0.0.1:2")).isBetween(0.49, 0.52);
        helper.clock().forward(Duration.ofSeconds(31));
        assertThat(slowStart("127.0.0.1:2")).isEqualTo(1);
    }

    @Test
    void aWeightThatChangesAloneIsSeen() {
        accept(endpoint(1).weight(5).build());
        ready();
        accept(endpoint(1).weight(7).build());
        assertThat(weight("127.0.0.1:1")).isEqualTo(7);
    }

    @Test
    void endpointsAreListedOncePerChangeHoweverManyMetersAreRead() {
        accept(IntStream.rangeClosed(1, 5)
                .mapToObj(port -> endpoint(port).build())
                .toArray(Endpoint[]::new));
        ready();
        scrape();
        int before = listings.get();
        scrape();
        scrape();
        assertThat(listings).hasValue(before);
        accept(IntStream.rangeClosed(1, 5)
                .mapToObj(port -> endpoint(port).weight(2).build())
                .toArray(Endpoint[]::new));
        int changed = listings.get();
        scrape();
        assertThat(listings.get() - changed).isLessThanOrEqualTo(1);
        assertThat(weight("other")).isEqualTo(4);
    }

    private Collection<LiveEndpoints.Live> list(String service) {
        listings.incrementAndGet();
        return live.endpoints(service);
    }

    private void scrape() {
        registry.getMeters().forEach(meter -> meter.measure().forEach(Measurement::getValue));
    }

    private double state(String state) {
        return registry.get("grpc.lb.endpoints")
                .tags("service", "svc", "state", state)
                .gauge()
                .value();
    }

    private static Endpoint.Builder endpoint(int port) {
        return Endpoint.builder("svc", "127.0.0.1", port).startedAt(1);
    }

    private void accept(Endpoint... endpoints) {
        List<EquivalentAddressGroup> groups = Arrays.stream(endpoints)
                .map(endpoint -> new EquivalentAddressGroup(
                        new InetSocketAddress(endpoint.host(), endpoint.port()),
                        Attributes.newBuilder()
                                .set(EndpointAttributes.ENDPOINT, endpoint)
                                .build()))
                .toList();
        Object parsed = new PolicyLoadBalancerProvider()
                .parseLoadBalancingPolicyConfig(config)
                .getConfig();
        helper.inSyncContext(() -> balancer.acceptResolvedAddresses(ResolvedAddresses.newBuilder()
                .setAddresses(groups)
                .setLoadBalancingPolicyConfig(parsed)
                .build()));
    }

    private void ready() {
        helper.subchannels().forEach(FakeSubchannel::ready);
        helper.clock().forward(Duration.ofMillis(5));
    }

    private double slowStart(String endpoint) {
        return registry.get("grpc.lb.endpoint.slow.start")
                .tags("service", "svc", "endpoint", endpoint)
                .gauge()
                .value();
    }

    private double weight(String endpoint) {
        return registry.get("grpc.lb.endpoint.weight")
                .tags("service", "svc", "endpoint", endpoint)
                .gauge()
                .value();
    }

    private Set<String> endpoints() {
        return registry.getMeters().stream()
                .map(Meter::getId)
                .map(id -> id.getTag("endpoint"))
                .filter(tag -> tag != null)
                .collect(Collectors.toSet());
    }
}
