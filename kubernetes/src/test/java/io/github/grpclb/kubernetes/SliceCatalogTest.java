package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.ServiceCatalog.Service;
import io.github.grpclb.discovery.ServiceCatalog.Services;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Shows which Services a catalog tells of, and what becomes of a question while the API server fails. */
class SliceCatalogTest {

    private final FeedScene scene = new FeedScene();
    private final FakeCluster cluster = scene.cluster;

    private CompletableFuture<Services> ask() {
        return scene.source.catalog().services();
    }

    private Services answered() {
        CompletableFuture<Services> answer = ask();
        scene.after(Duration.ofSeconds(1));
        assertThat(answer).isCompleted();
        return answer.join();
    }

    @Test
    void tellsOfTheServicesOfItsNamespaceInOrder() {
        cluster.put("shop", SliceBuilder.grpc("u1", "users", 9090).ready("10.0.0.9", "u"));
        cluster.put(
                "shop",
                SliceBuilder.grpc("g1", "greeter", 9090).ready("10.0.0.1", "a").notReady("10.0.0.2", "b"));
        cluster.put("shop", SliceBuilder.grpc("g2", "greeter", 9090).terminating("10.0.0.3", "c", true));
        cluster.put("other", SliceBuilder.grpc("o1", "orders", 9090).ready("10.0.0.4", "d"));
        assertThat(answered())
                .isEqualTo(new Services(0, List.of(new Service("greeter", 3), new Service("users", 1)), true));
    }

    @Test
    void namesEachPortWhereThereAreSeveral() {
        cluster.put(
                "shop",
                SliceBuilder.grpc("g1", "greeter", 9090).port("metrics", 9091).ready("10.0.0.1", "a"));
        assertThat(answered().services())
                .containsExactly(new Service("greeter:grpc", 1), new Service("greeter:metrics", 1));
    }

    @Test
    void countsAPodOfTwoFamiliesOnce() {
        cluster.put("shop", SliceBuilder.grpc("g1", "greeter", 9090).ready("10.0.0.1", "a"));
        cluster.put(
                "shop", SliceBuilder.grpc("g2", "greeter", 9090).type("IPv6").ready("2001:db8::1", "a"));
        assertThat(answered().services()).containsExactly(new Service("greeter", 1));
    }

    @Test
    void leavesOutWhatHasNobodyAndWhatNoTargetCanName() {
        cluster.put("shop", SliceBuilder.grpc("g1", "greeter", 9090));
        cluster.put("shop", SliceBuilder.slice("g2", "users").withNulls());
        cluster.put("shop", SliceBuilder.grpc("x", "<script>", 9090).ready("10.0.0.1", "a"));
        assertThat(answered().services()).isEmpty();
    }

    @Test
    void readsInPagesAndAnswersAllWhoAskMeanwhile() {
        for (int i = 0; i < 250; i++) {
            cluster.put(
                    "shop",
                    SliceBuilder.grpc("s" + i, "service-" + i % 50, 9090).ready("10.0." + i + ".1", "p" + i));
        }
        CompletableFuture<Services> first = ask();
        CompletableFuture<Services> second = ask();
        scene.after(Duration.ofSeconds(1));
        assertThat(first.join().services()).hasSize(50).allMatch(each -> each.servers() == 5);
        assertThat(second.join()).isEqualTo(first.join());
        assertThat(scene.api.lists()).hasSize(3);
        assertThat(answered().complete()).isTrue();
        assertThat(scene.api.lists()).hasSize(6);
    }

    @Test
    void beginsAnewWhereTheFirstPagesAreForgotten() {
        for (int i = 0; i < 150; i++) {
            cluster.put("shop", SliceBuilder.grpc("s" + i, "service-" + i, 9090).ready("10.0." + i + ".1", "p" + i));
        }
        int[] gets = {0};
        scene.api.onGet(() -> {
            if (++gets[0] == 2) {
                cluster.tick();
                cluster.compact();
            }
        });
        assertThat(answered().services()).hasSize(150);
        assertThat(scene.api.lists()).hasSize(4);
    }

    @Test
    void tellsWhatTheApiServerRefusesAndTakesItForNoTroubleOfTheProcess() {
        scene.api.failNext(ApiFailure.of(new ApiError(403, "endpointslices is forbidden in shop", null)));
        assertFails(
                "Kubernetes' API server answered 403: endpointslices is forbidden in shop; the pod's service account needs"
                        + " the verb list on endpointslices of the API group discovery.k8s.io in namespace 'shop'");
        assertThat(scene.status.refusedBecause()).isNull();
        assertThat(answered().services()).isEmpty();
    }

    @Test
    void tellsThatTheApiServerIsAwayOrSilentOrAnswersSomethingElse() {
        scene.api.way(FakeApi.Way.DOWN);
        assertFails("connection refused");
        scene.api.way(FakeApi.Way.SILENT);
        assertFails("no page of a list within 10000 ms");
        scene.api.way(FakeApi.Way.OPEN);
        scene.api.answerNextList("<html>");
        assertFails("Kubernetes' API server: ");
    }

    @Test
    void endsWithItsSource() {
        scene.api.way(FakeApi.Way.SILENT);
        CompletableFuture<Services> answer = ask();
        scene.after(Duration.ofSeconds(1));
        scene.source.close();
        scene.after(Duration.ZERO);
        assertThat(answer).isCompletedExceptionally();
    }

    private void assertFails(String message) {
        CompletableFuture<Services> answer = ask();
        scene.after(Duration.ofSeconds(11));
        assertThat(answer).failsWithin(Duration.ZERO).withThrowableThat().withMessageContaining(message);
    }
}
