package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.xds.resource.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Clients of both protocols that subscribe, accept, reject, stop reading and come back as chance has it, over services that come and
 * change. Whatever happened: once it is calm, each client has what a new one is told, and nobody is followed when all have left.
 */
class ConversationSimulationTest {

    private static final List<String> SERVICES = List.of("a", "b", "c", "d");
    private static final ResourceType[] TYPES = ResourceType.values();

    static List<Long> seeds() {
        long first = System.nanoTime();
        List<Long> seeds = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            seeds.add(i < 30 ? i : first + i); // the same ones, and others
        }
        return seeds;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void tellsEachClientInTheEndWhatIsThere(long seed) {
        Random random = new Random(seed);
        Scene scene = new Scene();
        List<Model> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            clients.add(i % 2 == 0 ? new WholeModel(scene) : new DeltaModel(scene));
        }
        int weight = 0;
        for (int step = 0; step < 200; step++) {
            Model client = clients.get(random.nextInt(clients.size()));
            switch (random.nextInt(8)) {
                case 0, 1 -> client.want(TYPES[random.nextInt(TYPES.length)], some(random));
                case 2, 3, 4 -> clients.forEach(each -> each.answer(random));
                case 5 -> list(scene, SERVICES.get(random.nextInt(SERVICES.size())), ++weight);
                case 6 -> client.reading(random.nextBoolean());
                default -> {
                    if (random.nextInt(10) == 0) {
                        client.comeBack();
                    }
                }
            }
            scene.pass(Duration.ofMillis(random.nextInt(60)));
        }
        for (String service : SERVICES) {
            list(scene, service, ++weight); // what was rejected is sent again, as it has changed
        }
        clients.forEach(each -> each.reading(true));
        for (int i = 0; i < 20; i++) {
            clients.forEach(each -> each.answer(null));
            scene.pass(Duration.ofMillis(100));
        }
        for (Model client : clients) {
            client.requireAll(scene);
            client.end();
        }
        scene.settle();
        assertThat(scene.source.followed()).isZero();
        assertThat(scene.discovery.openStreams()).isZero();
    }

    private static void list(Scene scene, String service, int weight) {
        scene.source.list(
                service, endpoint(service, 1).toBuilder().weight(weight).build(), endpoint(service, 2));
    }

    private static Set<String> some(Random random) {
        Set<String> names = new TreeSet<>();
        do {
            names.add(SERVICES.get(random.nextInt(SERVICES.size())));
        } while (random.nextBoolean());
        return names;
    }

    /** What a client does and has. */
    private abstract static class Model {

        final Map<ResourceType, Set<String>> wanted = new EnumMap<>(ResourceType.class);
        final Map<ResourceType, Map<String, Any>> has = new EnumMap<>(ResourceType.class);

        Model() {
            for (ResourceType type : TYPES) {
                has.put(type, new HashMap<>());
            }
        }

        void want(ResourceType type, Set<String> names) {
            Set<String> before = wanted.getOrDefault(type, Set.of());
            wanted.put(type, names);
            has.get(type).keySet().retainAll(names);
            tellWanted(type, before, names);
        }

        abstract void tellWanted(ResourceType type, Set<String> before, Set<String> names);

        /** Answers all responses: as chance has it, or by accepting them. */
        abstract void answer(Random random);

        /** Only what changes is sent again. */
        static boolean rejects(ResourceType type, Random random) {
            return type == ResourceType.ENDPOINTS && random != null && random.nextInt(4) == 0;
        }

        abstract void reading(boolean reads);

        abstract void comeBack();

        abstract void end();

        void requireAll(Scene scene) {
            wanted.forEach((type, names) -> {
                Scene.WholeClient other = scene.wholeClient();
                other.ask(type, names.toArray(String[]::new));
                Map<String, Any> all = new HashMap<>();
                for (DiscoveryResponse response : other.readAll()) {
                    response.getResourcesList().forEach(each -> all.put(Scene.nameOf(each), each));
                }
                other.end();
                assertThat(has.get(type))
                        .describedAs("%s %s of %s", type, names, this)
                        .isEqualTo(all);
            });
        }
    }

    private static final class WholeModel extends Model {

        private final Scene scene;
        private Scene.WholeClient client;
        private final Map<ResourceType, DiscoveryResponse> accepted = new EnumMap<>(ResourceType.class);
        private final Map<ResourceType, String> nonces = new EnumMap<>(ResourceType.class);

        WholeModel(Scene scene) {
            this.scene = scene;
            this.client = scene.wholeClient();
        }

        @Override
        void tellWanted(ResourceType type, Set<String> before, Set<String> names) {
            say(type, null);
        }

        private void say(ResourceType type, String error) {
            client.say(request -> {
                request.setTypeUrl(type.url())
                        .setResponseNonce(nonces.getOrDefault(type, ""))
                        .addAllResourceNames(wanted.get(type));
                if (accepted.containsKey(type)) {
                    request.setVersionInfo(accepted.get(type).getVersionInfo());
                }
                if (error != null) {
                    request.getErrorDetailBuilder().setMessage(error);
                }
            });
        }

        @Override
        void answer(Random random) {
            for (DiscoveryResponse response : client.readAll()) {
                ResourceType type = ResourceType.of(response.getTypeUrl());
                boolean accepts = !rejects(type, random);
                nonces.put(type, response.getNonce());
                if (accepts) {
                    accepted.put(type, response);
                    Map<String, Any> mine = has.get(type);
                    if (type.isWhole()) {
                        mine.clear();
                    }
                    response.getResourcesList().forEach(each -> mine.put(Scene.nameOf(each), each));
                    mine.keySet().retainAll(wanted.get(type));
                }
                say(type, accepts ? null : "no");
            }
        }

        @Override
        void reading(boolean reads) {
            client.responses.ready(reads);
        }

        @Override
        void comeBack() {
            client.responses.cancel();
            scene.settle();
            client = scene.wholeClient();
            nonces.clear();
            wanted.keySet().forEach(type -> say(type, null));
        }

        @Override
        void end() {
            client.end();
        }
    }

    private static final class DeltaModel extends Model {

        private final Scene scene;
        private Scene.DeltaClient client;
        private final Map<ResourceType, Map<String, String>> versions = new EnumMap<>(ResourceType.class);

        DeltaModel(Scene scene) {
            this.scene = scene;
            this.client = scene.deltaClient();
            for (ResourceType type : TYPES) {
                versions.put(type, new HashMap<>());
            }
        }

        @Override
        void tellWanted(ResourceType type, Set<String> before, Set<String> names) {
            Set<String> gone = new TreeSet<>(before);
            gone.removeAll(names);
            Set<String> fresh = new TreeSet<>(names);
            fresh.removeAll(before);
            versions.get(type).keySet().retainAll(names);
            client.say(request -> request.setTypeUrl(type.url())
                    .addAllResourceNamesSubscribe(fresh)
                    .addAllResourceNamesUnsubscribe(gone));
        }

        @Override
        void answer(Random random) {
            for (DeltaDiscoveryResponse response : client.readAll()) {
                ResourceType type = ResourceType.of(response.getTypeUrl());
                if (rejects(type, random)) {
                    client.reject(response, "no");
                    continue;
                }
                response.getResourcesList().forEach(each -> {
                    if (wanted.get(type).contains(each.getName())) {
                        has.get(type).put(each.getName(), each.getResource());
                        versions.get(type).put(each.getName(), each.getVersion());
                    }
                });
                response.getRemovedResourcesList().forEach(name -> {
                    has.get(type).remove(name);
                    versions.get(type).remove(name);
                });
                client.accept(response);
            }
        }

        @Override
        void reading(boolean reads) {
            client.responses.ready(reads);
        }

        @Override
        void comeBack() {
            client.responses.cancel();
            scene.settle();
            client = scene.deltaClient();
            wanted.forEach((type, names) -> client.say(request -> request.setTypeUrl(type.url())
                    .addAllResourceNamesSubscribe(names)
                    .putAllInitialResourceVersions(versions.get(type))));
        }

        @Override
        void end() {
            client.responses.cancel();
        }
    }
}
