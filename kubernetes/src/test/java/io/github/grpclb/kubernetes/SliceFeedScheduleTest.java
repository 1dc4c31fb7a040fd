package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever goes wrong and whenever: each list is what the cluster had at its version, none is older than the one before, none is the
 * same, what did not change is the same object, and when all is well again the last list is what the cluster has.
 */
class SliceFeedScheduleTest {

    private static final int STEPS = 120;

    static IntStream seeds() {
        return IntStream.range(0, 100);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsDeliveredIsWhatTheClusterHad(int seed) {
        Random random = new Random(seed);
        FeedScene scene = new FeedScene(seed);
        Map<Long, List<JsonObject>> history = new HashMap<>();
        scene.cluster.onChange(() -> history.put(scene.cluster.version(), now(scene.cluster)));
        history.put(scene.cluster.version(), List.of());
        scene.subscribe();
        for (int step = 0; step < STEPS; step++) {
            happens(random, scene);
            scene.after(Duration.ofMillis(random.nextInt(4) == 0 ? random.nextInt(20_000) : random.nextInt(400)));
        }
        scene.api.way(FakeApi.Way.OPEN);
        scene.after(Duration.ofMinutes(15)); // a pause that was asked for, and then a page that was lost
        check(scene.heard.snapshots(), history);
        assertThat(addresses(scene.heard.endpoints())).isEqualTo(addressesIn(now(scene.cluster)));
        assertThat(scene.api.watches()).isEqualTo(1);
        assertThat(scene.source.unreachableBecause()).isNull();
        assertThat(scene.source.refusedBecause()).isNull();
    }

    private static void happens(Random random, FeedScene scene) {
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> put(random, scene);
            case 4 -> scene.cluster.delete("shop", "s" + random.nextInt(130));
            case 5 -> IntStream.range(0, 130).forEach(i -> scene.cluster.put("shop", slice(random, i)));
            case 6 -> scene.api.endWatches();
            case 7 -> scene.api.breakWatches();
            case 8 -> {
                scene.cluster.tick();
                scene.cluster.compact();
            }
            case 9 ->
                scene.api.failNext(ApiFailure.of(new ApiError(
                        List.of(401, 403, 404, 410, 429, 500, 503).get(random.nextInt(7)),
                        "on purpose",
                        random.nextBoolean() ? null : Duration.ofSeconds(random.nextInt(60)))));
            case 10 -> scene.api.way(FakeApi.Way.values()[random.nextInt(3)]);
            case 11 -> scene.api.way(FakeApi.Way.OPEN);
            case 12 -> scene.api.send("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"na");
            case 13 -> scene.api.bookmark();
            case 14 -> scene.api.breakNextList();
            default -> scene.api.answerNextList("<html>Bad Gateway</html>");
        }
    }

    private static void put(Random random, FeedScene scene) {
        scene.cluster.put("shop", slice(random, random.nextInt(130)));
    }

    private static SliceBuilder slice(Random random, int i) {
        SliceBuilder slice = SliceBuilder.grpc("s" + i, "greeter", 9090);
        for (int pod = 0; pod < 3; pod++) {
            String address = "10.0." + i + "." + (pod + 1);
            String name = "pod-" + i + "-" + pod;
            switch (random.nextInt(4)) {
                case 0 -> slice.notReady(address, name);
                case 1 -> slice.terminating(address, name, random.nextBoolean());
                default -> slice.ready(address, name);
            }
        }
        return slice;
    }

    private static void check(List<EndpointSnapshot> snapshots, Map<Long, List<JsonObject>> history) {
        assertThat(snapshots).isNotEmpty();
        EndpointSnapshot before = null;
        for (EndpointSnapshot snapshot : snapshots) {
            assertThat(addresses(snapshot.endpoints()))
                    .as("what there was at %s", snapshot.revision())
                    .isEqualTo(addressesIn(at(history, snapshot.revision())));
            if (before != null) {
                assertThat(snapshot.revision()).isGreaterThanOrEqualTo(before.revision());
                assertThat(snapshot.endpoints()).isNotEqualTo(before.endpoints());
                assertThat(remade(before.endpoints(), snapshot.endpoints())).isEmpty();
            }
            before = snapshot;
        }
    }

    private static List<JsonObject> at(Map<Long, List<JsonObject>> history, long version) {
        long newest = version;
        while (!history.containsKey(newest)) {
            newest--;
        }
        return history.get(newest);
    }

    /** Returns the endpoints that are equal to one before, and yet another object. */
    private static List<Endpoint> remade(List<Endpoint> before, List<Endpoint> now) {
        Map<Endpoint, Endpoint> known = new HashMap<>();
        before.forEach(endpoint -> known.put(endpoint, endpoint));
        List<Endpoint> remade = new ArrayList<>();
        for (Endpoint endpoint : now) {
            Endpoint same = known.get(endpoint);
            if (same != null && same != endpoint) {
                remade.add(endpoint);
            }
        }
        return remade;
    }

    private static TreeSet<String> addresses(List<Endpoint> endpoints) {
        TreeSet<String> addresses = new TreeSet<>();
        endpoints.forEach(
                endpoint -> addresses.add(endpoint.host() + (endpoint.state() == Endpoint.State.DRAINING ? "~" : "")));
        return addresses;
    }

    private static List<JsonObject> now(FakeCluster cluster) {
        return cluster.slices("shop", "greeter", cluster.version());
    }

    private static TreeSet<String> addressesIn(List<JsonObject> slices) {
        TreeSet<String> addresses = new TreeSet<>();
        for (JsonObject slice : slices) {
            for (JsonElement each : slice.getAsJsonArray("endpoints")) {
                JsonObject endpoint = each.getAsJsonObject();
                JsonObject conditions = endpoint.getAsJsonObject("conditions");
                String address = endpoint.getAsJsonArray("addresses").get(0).getAsString();
                if (conditions.get("ready").getAsBoolean()) {
                    addresses.add(address);
                } else if (conditions.get("serving").getAsBoolean()
                        && conditions.get("terminating").getAsBoolean()) {
                    addresses.add(address + "~");
                }
            }
        }
        return addresses;
    }
}
