package io.github.grpclb.kubernetes;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.snapshot.SnapshotOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The source over real connections to an API server. */
@Timeout(value = 120, unit = SECONDS)
class KubernetesEndpointSourceIT {

    private final FakeCluster cluster = new FakeCluster();
    private final FakeApiServer server = FakeApiServer.start(cluster);
    private final List<RegistryObserver.Restart> restarts = new CopyOnWriteArrayList<>();
    private final Heard heard = new Heard();
    private KubernetesEndpointSource source = open(options -> options);

    @TempDir
    private Path folder;

    private KubernetesEndpointSource open(UnaryOperator<KubernetesOptions> change) {
        return new KubernetesEndpointSource(
                change.apply(KubernetesOptions.of(server.uri(), "shop")), new RegistryObserver() {
                    @Override
                    public void watchRestarted(String service, Restart reason) {
                        restarts.add(reason);
                    }
                });
    }

    private void reopen(UnaryOperator<KubernetesOptions> change) {
        source.close();
        source = open(change);
    }

    @AfterEach
    void close() {
        source.close();
        server.close();
    }

    private void ready(String slice, String... addresses) {
        SliceBuilder builder = SliceBuilder.grpc(slice, "greeter", 9090);
        for (String address : addresses) {
            builder.ready(address, "pod-" + address.replace('.', '-'));
        }
        cluster.put("shop", builder);
    }

    private void awaitLast(String list) {
        await().untilAsserted(() -> assertThat(heard.lists()).last().isEqualTo(list));
    }

    /** Waits for the watch of this number, counted from 1. */
    private void awaitWatch(int number) {
        await().until(() -> server.begun() >= number);
    }

    @Test
    void followsEveryChange() {
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitLast("10.0.0.1:9090");
        ready("b", "10.0.0.2");
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        cluster.put("shop", SliceBuilder.grpc("a", "greeter", 9090).terminating("10.0.0.1", "pod-10-0-0-1", true));
        awaitLast("10.0.0.1:9090~ 10.0.0.2:9090");
        cluster.delete("shop", "a");
        awaitLast("10.0.0.2:9090");
        assertThat(server.lists()).isEqualTo(1);
        assertThat(source.sinceLastAnswer()).isNotNull();
        assertThat(restarts).isEmpty();
    }

    @Test
    void tellsOfTheServicesOfItsNamespace() {
        ready("a", "10.0.0.1", "10.0.0.2");
        cluster.put("other", SliceBuilder.grpc("o", "orders", 9090).ready("10.0.0.3", "pod"));
        assertThat(source.catalog().services())
                .succeedsWithin(Duration.ofSeconds(10))
                .isEqualTo(new ServiceCatalog.Services(0, List.of(new ServiceCatalog.Service("greeter", 2)), true));
        server.close();
        assertThat(source.catalog().services())
                .failsWithin(Duration.ofSeconds(20))
                .withThrowableThat()
                .withMessageContaining("Kubernetes' API server is unreachable");
    }

    @Test
    void readsAThousandSlicesInPages() {
        for (int i = 0; i < 1000; i++) {
            SliceBuilder slice = SliceBuilder.grpc("s" + i, "greeter", 9090);
            for (int j = 0; j < 10; j++) {
                slice.ready("10." + (i / 250 + 1) + "." + i % 250 + "." + (j + 1), "pod-" + i + "-" + j);
            }
            cluster.put("shop", slice);
        }
        source.subscribe("greeter", heard);
        await().atMost(Duration.ofSeconds(30)).until(() -> !heard.snapshots().isEmpty());
        assertThat(heard.endpoints()).hasSize(10_000);
        assertThat(server.lists()).isEqualTo(10);
        cluster.delete("shop", "s500");
        await().until(() -> heard.endpoints().size() == 9_990);
        assertThat(heard.snapshots()).hasSize(2);
    }

    @Test
    void goesOnWhereAWatchEnds() {
        reopen(options -> options.withWatchTimeout(Duration.ofSeconds(1)));
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        await().until(() -> server.received().stream()
                        .filter(FakeApiServer.Received::isWatch)
                        .count()
                >= 4);
        ready("b", "10.0.0.2");
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        assertThat(server.lists()).isEqualTo(1);
        assertThat(heard.reachable()).isEmpty();
    }

    @Test
    void goesOnWhereAWatchBreaks() {
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        for (int i = 2; i < 6; i++) {
            awaitWatch(i - 1);
            server.breakWatches();
            ready("s" + i, "10.0.0." + i);
        }
        await().until(() -> heard.endpoints().size() == 5);
        assertThat(server.lists()).isEqualTo(1);
        assertThat(heard.reachable()).isEmpty();
    }

    @Test
    void bookmarksSaveTheList() {
        server.bookmarkEach(Duration.ofMillis(50));
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitWatch(1);
        for (int i = 0; i < 10; i++) {
            cluster.tick();
        }
        String fromTheBookmark = "resourceVersion=" + cluster.version() + "&";
        await().until(() -> {
            server.endWatches();
            return server.received().stream().anyMatch(request -> request.path().contains(fromTheBookmark));
        });
        cluster.compact();
        int begun = server.begun();
        server.endWatches();
        awaitWatch(begun + 1);
        ready("b", "10.0.0.2");
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        assertThat(server.lists()).isEqualTo(1);
    }

    @Test
    void readsTheListAgainWhereTheVersionIsForgotten() {
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitWatch(1);
        server.send(FakeCluster.event("ERROR", FakeCluster.status(410, "Expired", "too old resource version"))
                .toString());
        awaitWatch(2);
        assertThat(server.lists()).isEqualTo(2);
        server.stop();
        ready("b", "10.0.0.2");
        cluster.compact();
        server.resume();
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        assertThat(server.lists()).isGreaterThan(2);
        assertThat(restarts).contains(RegistryObserver.Restart.COMPACTED);
    }

    @Test
    void takesAnHttpStatus410ForTheSame() {
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitWatch(1);
        server.answerNext(
                410, Map.of(), FakeCluster.status(410, "Gone", "too old").toString());
        server.endWatches();
        await().until(() -> server.lists() == 2);
        assertThat(restarts).containsExactly(RegistryObserver.Restart.COMPACTED);
        assertThat(heard.reachable()).isEmpty();
    }

    @Test
    void keepsTheListWhileTheApiServerIsAway() {
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitWatch(1);
        server.stop();
        await().until(() -> source.unreachableBecause() != null);
        assertThat(source.unreachableBecause()).startsWith("Kubernetes' API server is unreachable: ");
        assertThat(heard.lists()).containsExactly("10.0.0.1:9090");
        ready("b", "10.0.0.2");
        server.resume();
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        await().untilAsserted(() -> assertThat(heard.reachable()).containsExactly(false, true));
        assertThat(source.unreachableBecause()).isNull();
        assertThat(heard.reasons()).isEmpty();
    }

    @Test
    void saysWhyThereIsNoList() {
        server.stop();
        source.subscribe("greeter", heard);
        await().until(() -> !heard.reasons().isEmpty());
        assertThat(heard.reasons().get(0))
                .contains("Kubernetes' API server is unreachable: ")
                .doesNotContain("null");
    }

    @Test
    void takesEventsThatComeInPieces() {
        server.dribble(Duration.ofMillis(1));
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitLast("10.0.0.1:9090");
        ready("b", "10.0.0.2");
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        ready("c", "10.0.0.3");
        server.breakWatches(); // a line of some hundred bytes is under way
        awaitLast("10.0.0.1:9090 10.0.0.2:9090 10.0.0.3:9090");
        assertThat(restarts).isEmpty();
    }

    @Test
    void readsTheListAgainWhereALineIsMalformed() {
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitWatch(1);
        server.send("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"na");
        awaitWatch(2);
        server.send("");
        awaitWatch(3);
        server.answerNext(200, Map.of(), "<html>Bad Gateway</html>");
        server.endWatches();
        awaitWatch(4);
        assertThat(server.lists()).isEqualTo(4);
        ready("b", "10.0.0.2");
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        assertThat(heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
    }

    @Test
    void showsTheTokenThatIsThereAtTheMoment() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "first\n");
        server.want("first");
        reopen(options -> options.withToken(token));
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitWatch(1);
        Files.writeString(token, "second\n");
        server.want("second");
        server.endWatches();
        ready("b", "10.0.0.2");
        awaitLast("10.0.0.1:9090 10.0.0.2:9090");
        assertThat(server.received())
                .last()
                .extracting(FakeApiServer.Received::token)
                .isEqualTo("second");
        assertThat(server.lists()).isEqualTo(1);
        assertThat(heard.reachable()).isEmpty();
    }

    /** As where it is exchanged between a request and its answer. */
    @Test
    void readsTheTokenAgainWhereItIsRefused() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "old\n");
        server.want("new");
        reopen(options -> options.withToken(token));
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        await().until(() -> !heard.reasons().isEmpty());
        assertThat(source.refusedBecause()).isEqualTo("Kubernetes' API server answered 401: Unauthorized");
        assertThat(source.unreachableBecause()).isNull();
        Files.writeString(token, "new\n");
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(heard.lists()).containsExactly("10.0.0.1:9090"));
        assertThat(source.refusedBecause()).isNull();
    }

    @Test
    void saysThatThereIsNoTokenToRead() throws Exception {
        Path token = folder.resolve("token");
        reopen(options -> options.withToken(token));
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        await().until(() -> !heard.reasons().isEmpty());
        assertThat(heard.reasons().get(0))
                .isEqualTo("Kubernetes' API server cannot be asked: NoSuchFileException: " + token);
        Files.writeString(token, "two words");
        await().untilAsserted(() -> assertThat(source.unreachableBecause())
                .endsWith(token + " holds no token")
                .doesNotContain("two words"));
        Files.writeString(token, "one");
        awaitLast("10.0.0.1:9090");
    }

    @Test
    void comesBackWhenTheApiServerAsksTo() {
        server.answerNext(
                429,
                Map.of("Retry-After", "2"),
                FakeCluster.status(429, "TooManyRequests", "please try again later")
                        .toString());
        ready("a", "10.0.0.1");
        long before = System.nanoTime();
        source.subscribe("greeter", heard);
        awaitLast("10.0.0.1:9090");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
        assertThat(heard.reasons()).containsExactly("Kubernetes' API server answered 429: please try again later");
    }

    @Test
    void followsManyServicesOnFewThreads() {
        int services = 200;
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < services; i++) {
            cluster.put("shop", SliceBuilder.grpc("a" + i, "svc" + i, 9090).ready("10.0.0." + (i + 1), "p" + i));
            Heard one = new Heard();
            all.add(one);
            source.subscribe("svc" + i, one);
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> server.begun() == services);
        for (int i = 0; i < services; i++) {
            cluster.put("shop", SliceBuilder.grpc("b" + i, "svc" + i, 9090).ready("10.0.1." + (i + 1), "q" + i));
        }
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(all)
                .allSatisfy(one -> assertThat(one.endpoints()).hasSize(2)));
        assertThat(server.lists()).isEqualTo(services);
        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> !before.contains(thread))
                .extracting(Thread::getName)
                .filteredOn(name -> name.startsWith("grpc-lb") || name.startsWith("HttpClient"))
                .hasSizeLessThanOrEqualTo(3); // and the loop's, which was there
        source.close();
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            for (int i = 0; i < services; i++) {
                cluster.delete("shop", "b" + i);
                cluster.put("shop", SliceBuilder.grpc("b" + i, "svc" + i, 9090));
            }
            return server.watches() == 0;
        });
    }

    @Test
    @Timeout(value = 10, unit = SECONDS)
    void closesWithinSecondsWhateverTheApiServerDoes() {
        source.subscribe("greeter", heard);
        awaitWatch(1);
        source.close();
        source.close();
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("grpc-lb-kubernetes"));
    }

    @Test
    void startsFromASnapshotWhileTheApiServerIsAway() {
        UnaryOperator<KubernetesOptions> withSnapshots =
                options -> options.withSnapshots(new SnapshotOptions(folder.resolve("lists"), Duration.ofHours(1)));
        reopen(withSnapshots);
        ready("a", "10.0.0.1");
        source.subscribe("greeter", heard);
        awaitWatch(1);
        source.close();
        server.stop();
        source = open(withSnapshots);
        Heard again = new Heard();
        source.subscribe("greeter", again);
        await().untilAsserted(() -> assertThat(again.lists()).containsExactly("10.0.0.1:9090"));
        await().untilAsserted(() -> assertThat(again.reachable()).containsExactly(false));
        ready("b", "10.0.0.2");
        server.resume();
        await().untilAsserted(() ->
                assertThat(again.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090"));
    }
}
