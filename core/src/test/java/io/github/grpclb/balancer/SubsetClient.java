package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.pick.ChannelState;
import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.ClientStreamTracer.StreamInfo;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.Metadata;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A channel that connects to a subset of the servers, of which some are dead. */
final class SubsetClient {

    /** How many servers it connects to where a test says nothing else. */
    static final int SIZE = 4;

    private final Set<Integer> dead = new HashSet<>();
    private final BalancerScene scene = new BalancerScene();
    private int size = SIZE;

    static List<Endpoint.Builder> endpoints(int count) {
        return endpoints(count, one -> one);
    }

    static List<Endpoint.Builder> endpoints(int count, UnaryOperator<Endpoint.Builder> each) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(FakeServers::endpoint)
                .map(each)
                .collect(Collectors.toList());
    }

    /** Takes a list, and lets whoever is alive answer. */
    void start(Map<String, ?> config, List<Endpoint.Builder> endpoints) {
        start(config, endpoints, () -> {});
    }

    /** Does the same, and something before any answer. */
    void start(Map<String, ?> config, List<Endpoint.Builder> endpoints, Runnable meanwhile) {
        Map<String, Object> whole = new HashMap<>(config);
        if (size > 0) {
            whole.put("subsetSize", size);
        }
        scene.accept(whole, endpoints.toArray(Endpoint.Builder[]::new));
        meanwhile.run();
        settle();
    }

    /** Connects to so many from the next list on; to all where it is 0. */
    void size(int servers) {
        size = servers;
    }

    /** Lets servers fail from the next answer on. */
    void kill(int first, int last) {
        IntStream.rangeClosed(first, last).forEach(dead::add);
    }

    void kill(int port) {
        dead.add(port);
    }

    void reviveAll() {
        dead.clear();
    }

    void settle() {
        FakeHelper helper = helper();
        for (int made = -1; made < helper.subchannels().size(); ) {
            made = helper.subchannels().size();
            for (FakeSubchannel subchannel : List.copyOf(helper.subchannels())) {
                if (subchannel.isShutdown()) {
                    continue;
                }
                if (dead.contains(subchannel.port())) {
                    subchannel.fails("gone");
                } else {
                    subchannel.ready();
                }
            }
            scene.settle();
        }
    }

    /** Ends the connections to the dead. */
    void breakDead() {
        for (FakeSubchannel subchannel : List.copyOf(helper().subchannels())) {
            if (!subchannel.isShutdown() && dead.contains(subchannel.port())) {
                subchannel.idle();
            }
        }
        settle();
    }

    /** Ends the balancer and begins with another one, as a channel does over an idle time. */
    void idle() {
        scene.shutdown();
        scene.wakeUp();
    }

    Set<Integer> connected() {
        return helper().subchannels().stream()
                .filter(subchannel -> !subchannel.isShutdown())
                .map(FakeSubchannel::port)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns one of the first 20 servers to which there is no connection. */
    int outside() {
        Set<Integer> inside = connected();
        return IntStream.rangeClosed(1, 20)
                .filter(port -> !inside.contains(port))
                .findFirst()
                .orElseThrow();
    }

    PickResult pick(FakeCall call) {
        return helper().pick(call);
    }

    /** Picks, if it must after a connection is there. */
    int settledPort(FakeCall call) {
        PickResult first = pick(call);
        if (first.getSubchannel() == null) {
            assertThat(first.getStatus().isOk()).as("%s waits", first).isTrue();
        }
        settle();
        return helper().pickPort(call);
    }

    void call(FakeCall call) {
        pick(call)
                .getStreamTracerFactory()
                .newClientStreamTracer(StreamInfo.newBuilder().build(), new Metadata());
    }

    /** Returns the servers among which so many calls are spread. */
    Set<Integer> ports(FakeCall call, int calls) {
        return scene.ports(call, calls);
    }

    /** Returns how many of so many plain calls go to a server. */
    int count(int port, int calls) {
        return scene.count(port, calls);
    }

    void forward(int seconds) {
        scene.forward(seconds);
    }

    FakeHelper helper() {
        return scene.helper();
    }

    ChannelState state() {
        return scene.state();
    }

    BalancerScene scene() {
        return scene;
    }
}
