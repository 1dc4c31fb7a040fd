package io.github.grpclb.test;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Does to a policy what the balancer does: gives it servers, asks it for a picker whenever one of them came, went or changed, and has
 * it pick. There are no connections, and time is {@linkplain VirtualTime virtual}: what depends on neither chance nor time, or is given
 * both, picks the same in every run. The policy stands alone: what the balancer does before a policy is asked (drain, weight 0, server
 * ids, tags, zones, slow start) is not done here. Not thread-safe.
 *
 * <pre>{@code
 * PolicyTester tester = new PolicyTester(new FirstZone("z1"));
 * tester.add(PolicyTester.server("a").zone("z1").build());
 * tester.add(PolicyTester.server("b").zone("z2").build());
 * tester.picks(100)    // {a=100, b=0}
 * }</pre>
 */
public final class PolicyTester {

    private static final String SERVICE = "service";
    private static final int SEED = 7;

    private final Policy policy;
    private final VirtualTime time;
    private final Random gaps = new Random(SEED);
    private final Map<String, Server> servers = new LinkedHashMap<>();
    private final Set<String> away = new HashSet<>();
    private Policy.@Nullable Picker picker;

    /** A server as the policy sees it. */
    private record Server(Endpoint endpoint, double weight, EndpointLoad load) implements Candidate {}

    /** Tests a policy that asks for no time. */
    public PolicyTester(Policy policy) {
        this(policy, new VirtualTime());
    }

    /**
     * Tests a policy.
     *
     * @param time the time that the policy was given, in which calls take theirs
     */
    public PolicyTester(Policy policy, VirtualTime time) {
        this.policy = policy;
        this.time = time;
    }

    /**
     * Makes the policy to test, as a channel does.
     *
     * @param options by name, as in a service config: {@code Map.of("zone", "z1", "minReady", 2)}
     * @throws IllegalValueException if an option is not what it must be, or is one that the factory does not ask for
     */
    public static PolicyTester of(PolicyFactory factory, Map<String, ?> options) {
        PolicyTable table = new PolicyTable(Map.of(), List.of(), List.of(factory));
        return new PolicyTester(table.create(factory.name(), options));
    }

    /** Begins an endpoint with an id, and an address made of it. */
    public static Endpoint.Builder server(String id) {
        return Endpoint.builder(SERVICE, id + ".test", 8080).id(id).startedAt(1);
    }

    /**
     * Adds a server that is ready, or replaces what is said of it; what was seen of its calls stays.
     *
     * @param endpoint with an id and a weight of at least 1: one of weight 0 never gets as far as a policy
     */
    public void add(Endpoint endpoint) {
        String id = endpoint.identity().name();
        if (endpoint.weight() < 1) {
            throw new IllegalValueException("weight of " + id, endpoint.weight(), "1 to " + Endpoint.MAX_WEIGHT);
        }
        Server before = servers.get(id);
        EndpointLoad load = before != null && before.endpoint.identity().equals(endpoint.identity())
                ? before.load
                : new EndpointLoad(endpoint.identity(), time.getAsLong());
        if (!away.contains(id)) {
            load.ready(time.getAsLong());
        }
        servers.put(id, new Server(endpoint, endpoint.weight(), load));
        picker = null;
    }

    /** Removes a server. */
    public void remove(String id) {
        require(id);
        servers.remove(id);
        away.remove(id);
        picker = null;
    }

    /** Breaks a server's connection: it is known, and not ready. */
    public void disconnect(String id) {
        require(id);
        away.add(id);
        picker = null;
    }

    /** Has a server's connection be ready again. */
    public void connect(String id) {
        require(id).load.ready(time.getAsLong());
        away.remove(id);
        picker = null;
    }

    /** Returns what was seen of a server's calls, to be told of more: {@code load("a").started(time.getAsLong())} is a call in flight. */
    public EndpointLoad load(String id) {
        return require(id).load;
    }

    /** Picks for a call that says nothing. */
    public @Nullable String pick() {
        return pick(TestCall.PLAIN);
    }

    /**
     * Picks for a call.
     *
     * @return the id of the server; or null where the policy picks none
     * @throws IllegalStateException if no server is ready: the balancer does not ask then
     * @throws AssertionError if the policy picks what it was not given
     */
    public @Nullable String pick(TestCall call) {
        Candidate picked = picker().pick(call);
        if (picked == null) {
            return null;
        }
        String id = picked.endpoint().identity().name();
        if (servers.get(id) != picked) {
            throw new AssertionError(policy.name() + " picked " + picked + ", which is none of its candidates");
        }
        return id;
    }

    /** Returns what a call is told that the policy picks no server for. */
    public String reason(TestCall call) {
        return picker().reason(call);
    }

    /** Picks so often, and returns how many picks each server got; all servers are there, in the order of their ids. */
    public Map<String, Integer> picks(int count) {
        return picks(count, TestCall.PLAIN);
    }

    /** Picks so often for calls like one. */
    public Map<String, Integer> picks(int count, TestCall call) {
        Map<String, Integer> picks = noPicks();
        for (int i = 0; i < count; i++) {
            String id = pick(call);
            if (id != null) {
                picks.merge(id, 1, Integer::sum);
            }
        }
        return picks;
    }

    /**
     * Makes calls for a while of virtual time, at random distances that are the same in every run. Each ends well after the latency of its
     * server, and is in flight until then.
     *
     * @param callsPerSecond on average, 1 or more
     * @param latency by the server's id, asked for each call
     * @return how many calls each server got
     */
    public Map<String, Integer> run(Duration span, int callsPerSecond, Function<String, Duration> latency) {
        if (callsPerSecond < 1) {
            throw new IllegalValueException("callsPerSecond", callsPerSecond, "1 or more");
        }
        Map<String, Integer> calls = noPicks();
        long end = time.getAsLong() + span.toNanos();
        while (time.getAsLong() - end < 0) {
            String id = pick();
            if (id != null) {
                calls.merge(id, 1, Integer::sum);
                call(load(id), latency.apply(id));
            }
            double gap = -Math.log(1 - gaps.nextDouble()) * 1e9 / callsPerSecond;
            time.forward(Duration.ofNanos(Math.min((long) gap, end - time.getAsLong()) + 1));
        }
        return calls;
    }

    private void call(EndpointLoad load, Duration latency) {
        long sent = time.getAsLong();
        load.started(sent);
        time.after(latency, () -> {
            load.answered(sent, time.getAsLong());
            load.ended(CallOutcome.SUCCESS, true, sent, time.getAsLong());
        });
    }

    private Policy.Picker picker() {
        Policy.Picker current = picker;
        if (current == null) {
            List<Candidate> known = List.copyOf(servers.values());
            List<Candidate> ready = new ArrayList<>();
            servers.forEach((id, server) -> {
                if (!away.contains(id)) {
                    ready.add(server);
                }
            });
            if (ready.isEmpty()) {
                throw new IllegalStateException("no server is ready (known: " + servers.keySet() + ")");
            }
            current = policy.picker(known, List.copyOf(ready));
            picker = current;
        }
        return current;
    }

    private Map<String, Integer> noPicks() {
        Map<String, Integer> none = new TreeMap<>();
        servers.keySet().forEach(id -> none.put(id, 0));
        return none;
    }

    private Server require(String id) {
        Server server = servers.get(id);
        if (server == null) {
            throw new IllegalValueException("id", id, "one of " + servers.keySet());
        }
        return server;
    }
}
