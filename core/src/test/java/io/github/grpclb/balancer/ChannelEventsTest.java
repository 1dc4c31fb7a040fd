package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.github.grpclb.resolver.Unlisted;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.timeline.Timeline;
import io.github.grpclb.timeline.Timeline.Event;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Shows what a channel tells the timeline of its servers. */
class ChannelEventsTest {

    private static final Map<String, ?> EJECTION = Map.of(
            "interval",
            "10s",
            "maxEjectionPercent",
            40,
            "failurePercentageEjection",
            Map.of("minimumHosts", 1, "requestVolume", 10));

    private final Timeline timeline = new Timeline();
    private final BalancerScene scene =
            new BalancerScene(NameResolver.Args.newBuilder().setArg(BalancerArgs.TIMELINE, timeline));
    private long seen;

    @Test
    void tellsOfConnections() {
        scene.acceptReady(endpoint(1), endpoint(2));
        assertThat(news())
                .containsExactly("CONNECTED s1: the connection is ready", "CONNECTED s2: the connection is ready");
        scene.helper().subchannel(1).fails("io exception: reset");
        scene.settle();
        assertThat(news()).containsExactly("DISCONNECTED s1: cannot be connected to: io exception: reset");
        scene.helper().subchannel(1).fails("io exception: refused");
        scene.settle();
        assertThat(news()).as("it still cannot").isEmpty();
        scene.helper().subchannel(2).idle();
        scene.settle();
        assertThat(news()).containsExactly("DISCONNECTED s2: the connection ended");
    }

    @Test
    void tellsOfServersThatMovedInTheList() {
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        news();
        scene.acceptReady(endpoint(3), endpoint(2));
        assertThat(news()).isEmpty();
    }

    @Test
    void tellsOfUnhealthyServersInTheirOwnWords() {
        scene.acceptReady(endpoint(1));
        news();
        scene.helper().subchannel(1).fails("Health-check service responded NOT_SERVING for ''");
        scene.settle();
        assertThat(news()).containsExactly("DISCONNECTED s1: Health-check service responded NOT_SERVING for ''");
    }

    @Test
    void tellsOfAnotherPolicy() {
        scene.acceptReady(endpoint(1));
        news();
        scene.accept(Map.of("policy", "least_request"), endpoint(1));
        assertThat(news()).containsExactly("POLICY null: from round_robin to least_request");
    }

    @Test
    void tellsOfEjectionsAndPanic() {
        scene.acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        scene.callsFail(1);
        news();
        scene.forward(10);
        assertThat(news())
                .singleElement()
                .asString()
                .startsWith("EJECTED s1: 100 of 100 calls failed in 10 s; left out for ");
        scene.helper().subchannel(2).fails("gone");
        scene.settle();
        assertThat(news())
                .containsExactly(
                        "DISCONNECTED s2: cannot be connected to: gone",
                        "PANIC null: 1 ready of 3 known: ejected ones, if any, are used as well");
        scene.helper().subchannel(2).ready();
        scene.settle();
        assertThat(news())
                .containsExactly("CONNECTED s2: the connection is ready", "PANIC_OVER null: enough servers are usable");
        scene.forward(33);
        assertThat(news()).containsExactly("READMITTED s1: its time is over");
    }

    @Test
    void tellsOfSuspects() {
        List<EquivalentAddressGroup> two = BalancerScene.groups(endpoint(1), endpoint(2));
        scene.acceptReady(endpoint(1), endpoint(2));
        news();
        scene.accept(BalancerScene.list(null, two.subList(0, 1)).toBuilder()
                .setAttributes(Attributes.newBuilder()
                        .set(
                                EndpointAttributes.UNLISTED,
                                new Unlisted(two.subList(1, 2), List.of(), false, Status.UNAVAILABLE))
                        .build())
                .build());
        assertThat(news())
                .containsExactly(
                        "SUSPECT s2: vanished from the registry with many others; used while its connection holds");
    }

    @Test
    @FaultRow(36)
    void tellsOfSuspectsThatAreGivenUp() {
        List<EquivalentAddressGroup> three = BalancerScene.groups(endpoint(1), endpoint(2), endpoint(3));
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        scene.accept(unlisted(three.subList(0, 1), three.subList(1, 3)));
        news();
        scene.accept(unlisted(three.subList(0, 2), three.subList(2, 3)));
        assertThat(news()).as("one is listed again").isEmpty();
        scene.accept(endpoint(1), endpoint(2));
        assertThat(news())
                .containsExactly("LEFT s3: given up: it vanished from the registry with many others, and its connection"
                        + " ended or stale-max is over");
        scene.accept(unlisted(three.subList(0, 1), three.subList(1, 2)));
        news();
        scene.resolverFails(Status.UNAVAILABLE.withCause(new EndpointAwaitedException("svc", true)));
        assertThat(news())
                .containsExactly("LEFT s2: given up: it vanished from the registry with many others, and its connection"
                        + " ended or stale-max is over");
    }

    private static LoadBalancer.ResolvedAddresses unlisted(
            List<EquivalentAddressGroup> listed, List<EquivalentAddressGroup> suspects) {
        return BalancerScene.list(null, listed).toBuilder()
                .setAttributes(Attributes.newBuilder()
                        .set(EndpointAttributes.UNLISTED, new Unlisted(suspects, List.of(), false, Status.UNAVAILABLE))
                        .build())
                .build();
    }

    @Test
    void sumsUpAFleet() {
        scene.acceptReady(
                IntStream.rangeClosed(1, 2_000).mapToObj(port -> endpoint(port)).toArray(Endpoint.Builder[]::new));
        assertThat(timeline.last()).isLessThan(50);
    }

    private List<String> news() {
        List<Event> events = timeline.since(seen);
        seen = timeline.last();
        return events.stream()
                .map(event -> event.kind() + " " + event.id() + ": " + event.cause())
                .toList();
    }
}
