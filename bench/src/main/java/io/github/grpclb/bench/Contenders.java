package io.github.grpclb.bench;

import io.grpc.LoadBalancer.PickResult;
import io.grpc.Status;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.dubbo.rpc.cluster.loadbalance.ConsistentHashLoadBalance;
import org.apache.dubbo.rpc.cluster.loadbalance.LeastActiveLoadBalance;
import org.apache.dubbo.rpc.cluster.loadbalance.RandomLoadBalance;
import org.apache.dubbo.rpc.cluster.loadbalance.RoundRobinLoadBalance;

/** The table of all that pick, by name. */
final class Contenders {

    /** The least that a pick by chance can cost. */
    static final String FLOOR = "floor (random index)";

    static final String GRPC_ROUND_ROBIN = "grpc round_robin";
    static final String GRPC_WEIGHTED_ROUND_ROBIN = "grpc weighted_round_robin";
    static final String GRPC_LEAST_REQUEST = "grpc least_request";
    static final String GRPC_RING_HASH = "grpc ring_hash";

    private static final Map<String, IntFunction<Contender>> ALL = table();

    private Contenders() {}

    static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /** Returns the names of those that a goal is about or refers to. */
    static List<String> namesInGoals() {
        return ALL.keySet().stream()
                .filter(name -> !name.startsWith("dubbo") && !name.startsWith("armeria"))
                .toList();
    }

    static Contender create(String name, int size) {
        return ALL.get(name).apply(size);
    }

    private static Map<String, IntFunction<Contender>> table() {
        Map<String, IntFunction<Contender>> all = new LinkedHashMap<>();
        all.put(FLOOR, Contenders::floor);
        OurContenders.names().forEach(name -> all.put(name, OurContenders.named(name)));
        all.put(GRPC_ROUND_ROBIN, GrpcContenders::roundRobin);
        all.put("grpc round_robin, services", GrpcContenders::registeredRoundRobin);
        all.put(GRPC_WEIGHTED_ROUND_ROBIN, GrpcContenders::weightedRoundRobin);
        all.put(GRPC_LEAST_REQUEST, GrpcContenders::leastRequest);
        all.put(GRPC_RING_HASH, GrpcContenders::ringHash);
        all.put("dubbo random", DubboContenders.of(new RandomLoadBalance(), true));
        all.put("dubbo roundrobin", DubboContenders.of(new RoundRobinLoadBalance(), true));
        all.put("dubbo leastactive", DubboContenders.of(new LeastActiveLoadBalance(), false));
        all.put("dubbo consistenthash", DubboContenders.of(new ConsistentHashLoadBalance(), false));
        all.put("armeria round robin", ArmeriaContenders::roundRobin);
        all.put("armeria weighted round robin", ArmeriaContenders::weightedRoundRobin);
        all.put("armeria weighted random", ArmeriaContenders::weightedRandom);
        all.put("armeria sticky", ArmeriaContenders::sticky);
        return all;
    }

    private static Contender floor(int size) {
        PickResult[] servers = IntStream.range(0, size)
                .mapToObj(i -> PickResult.withError(Status.UNAVAILABLE.withDescription("server " + i)))
                .toArray(PickResult[]::new);
        return turn -> servers[ThreadLocalRandom.current().nextInt(servers.length)];
    }
}
