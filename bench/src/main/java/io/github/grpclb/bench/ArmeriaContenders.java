package io.github.grpclb.bench;

import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.common.loadbalancer.LoadBalancer;
import com.linecorp.armeria.common.loadbalancer.SimpleLoadBalancer;
import java.util.List;
import java.util.stream.IntStream;

/** What Armeria brings, without the endpoint group that an application has around it. */
final class ArmeriaContenders {

    private ArmeriaContenders() {}

    static Contender roundRobin(int size) {
        return of(LoadBalancer.ofRoundRobin(servers(size)));
    }

    static Contender weightedRoundRobin(int size) {
        return of(LoadBalancer.ofWeightedRoundRobin(servers(size)));
    }

    static Contender weightedRandom(int size) {
        return of(LoadBalancer.ofWeightedRandom(servers(size)));
    }

    static Contender sticky(int size) {
        String[] keys = IntStream.range(0, Keys.COUNT).mapToObj(Keys::key).toArray(String[]::new);
        LoadBalancer<Endpoint, String> balancer = LoadBalancer.ofSticky(servers(size), String::hashCode);
        return turn -> balancer.pick(keys[Keys.user(turn)]);
    }

    private static Contender of(SimpleLoadBalancer<Endpoint> balancer) {
        return turn -> balancer.pick();
    }

    private static List<Endpoint> servers(int size) {
        return IntStream.range(0, size)
                .mapToObj(i -> Endpoint.of(Fleet.host(i), Fleet.port(i)).withWeight(Fleet.weight(i)))
                .toList();
    }
}
