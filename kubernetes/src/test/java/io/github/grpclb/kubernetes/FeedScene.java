package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.testing.FakeClock;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Subscribers of one source over a cluster in virtual time. */
final class FeedScene {

    static final Duration SOON = Duration.ofMillis(10);

    /** In which a change is told, and a watch goes on. */
    static final Duration A_MOMENT = Duration.ofMillis(350);

    /** In which a list is read again, after errors of the API server, too. */
    static final Duration RECOVERY = Duration.ofSeconds(11);

    static final Duration LINGER = Duration.ofHours(1);

    static final KubernetesOptions OPTIONS = KubernetesOptions.of(URI.create("https://10.96.0.1"), "shop");

    private final FakeClock clock = new FakeClock();
    private final KubernetesLoop loop;
    final FakeCluster cluster = new FakeCluster();
    final FakeApi api;
    final ApiStatus status;
    final List<RegistryObserver.Restart> restarts = new ArrayList<>();
    int skipped;
    final KubernetesEndpointSource source;
    final Heard heard = new Heard();

    FeedScene() {
        this(7);
    }

    FeedScene(long seed) {
        loop = new KubernetesLoop(clock, clock::nanoTime, new Random(seed));
        api = new FakeApi(loop, cluster);
        status = new ApiStatus(loop, OPTIONS.apiServer());
        source = new KubernetesEndpointSource(new Following(
                loop,
                api,
                OPTIONS,
                LastLists.none(),
                new RegistryObserver() {
                    @Override
                    public void watchRestarted(String service, Restart reason) {
                        restarts.add(reason);
                    }

                    @Override
                    public void recordSkipped(String service) {
                        skipped++;
                    }
                },
                status));
    }

    Subscription subscribe() {
        return subscribe("greeter");
    }

    Subscription subscribe(String service) {
        Subscription subscription = source.subscribe(service, heard);
        after(SOON);
        return subscription;
    }

    /** Has the cluster say that pods of a Service are ready, all in one slice. */
    void ready(String slice, String... addresses) {
        SliceBuilder builder = SliceBuilder.grpc(slice, "greeter", 9090);
        for (String address : addresses) {
            builder.ready(address, "pod-" + address.replace('.', '-'));
        }
        cluster.put("shop", builder);
    }

    void after(Duration time) {
        clock.forward(time);
    }

    /** Does something on the loop's thread, as all that comes from the API does. */
    void onLoop(Runnable task) {
        loop.execute(task);
        after(Duration.ZERO);
    }

    long nanoTime() {
        return clock.nanoTime();
    }
}
