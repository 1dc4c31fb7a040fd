package io.github.grpclb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.client.ReadyEndpoints.Need;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What channels have found, of those that are used and those that nobody has used yet. */
class ReadyEndpointsIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final TestServer a = opened.add(TestServer.start("a"));
    private final TestServer b = opened.add(TestServer.start("b"));
    private final FakeEndpointSource source = new FakeEndpointSource();
    private final LiveEndpoints live = new LiveEndpoints();
    private final ReadyEndpoints ready = opened.add(new ReadyEndpoints(live));

    @Test
    void aChannelThatNobodyUsesCountsWhatIsListed() {
        channel(2, List.of());
        assertThat(ready.needs()).containsExactly(new Need("svc", "svc", 2, 0, false, null));
        source.unavailable("svc", "registry away");
        assertThat(ready.needs()).containsExactly(new Need("svc", "svc", 2, 0, false, "registry away"));
        source.publish(
                "svc",
                endpoint(a),
                endpoint(b).toBuilder().state(Endpoint.State.DRAINING).build());
        assertThat(ready.needs()).as("one drains").containsExactly(new Need("svc", "svc", 2, 1, false, null));
        source.publish("svc", endpoint(a), endpoint(b));
        assertThat(ready.needs()).containsExactly(new Need("svc", "svc", 2, 2, true, null));
        assertThat(source.followers()).as("nobody follows for it any more").isZero();
        source.publish("svc");
        assertThat(ready.needs()).as("found once").containsExactly(new Need("svc", "svc", 2, 2, true, null));
    }

    @Test
    void aChannelInUseCountsWhatItIsConnectedTo() throws Exception {
        int gone = b.port();
        b.close();
        source.publish(
                "svc",
                endpoint(a),
                Endpoint.builder("svc", "127.0.0.1", gone).id("b").build());
        ManagedChannel channel = channel(2, List.of());
        channel.getState(true);
        await().untilAsserted(
                        () -> assertThat(live.channels()).singleElement().satisfies(each -> assertThat(each.endpoints())
                                .extracting(it -> it.state().name())
                                .contains("READY", "FAILING")));
        assertThat(ready.needs()).containsExactly(new Need("svc", "svc", 2, 1, false, null));
        TestServer c = opened.add(TestServer.start("c"));
        source.publish("svc", endpoint(a), endpoint(c));
        await().untilAsserted(
                        () -> assertThat(ready.needs()).containsExactly(new Need("svc", "svc", 2, 2, true, null)));
    }

    @Test
    void fixedEndpointsCountToo() {
        channel(1, List.of(FakeEndpointSource.endpoint("another", a).build()));
        assertThat(ready.needs()).singleElement().satisfies(need -> assertThat(need.isMet())
                .isTrue());
    }

    @Test
    void aFixedEndpointThatCannotBeReachedDoesNotCountOnceItIsUsed() {
        ManagedChannel channel =
                channel(1, List.of(Endpoint.builder("another", "127.0.0.1", 1).build()));
        channel.getState(true);
        await().until(() -> !live.channels().isEmpty());
        assertThat(ready.needs()).singleElement().satisfies(need -> assertThat(need.isMet())
                .isFalse());
    }

    @Test
    void whoNeedsNothingIsNotFollowed() {
        ManagedChannel channel = channel(0, List.of());
        assertThat(source.followers()).isZero();
        assertThat(ready.needs()).isEmpty();
        source.publish("svc", endpoint(a));
        assertThat(TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady()))
                .isEqualTo("a");
        assertThat(ready.needs()).isEmpty();
    }

    @Test
    void nothingIsFollowedAfterTheEnd() {
        channel(1, List.of());
        assertThat(source.followers()).isEqualTo(1);
        ready.close();
        assertThat(source.followers()).isZero();
        channel(1, List.of());
        assertThat(source.followers()).isZero();
    }

    @Test
    void refusesANegativeNumber() {
        List<Endpoint> none = List.of();
        Assertions.assertThatExceptionOfType(IllegalValueException.class)
                .isThrownBy(() -> new ClientSettings(LbConfig.DEFAULT, Duration.ZERO, none, -1))
                .withMessage("minReadyEndpoints: -1 (expected: 0 or more)");
    }

    private static Endpoint endpoint(TestServer server) {
        return FakeEndpointSource.endpoint("svc", server).build();
    }

    private ManagedChannel channel(int least, List<Endpoint> fixed) {
        ClientSettings settings = new ClientSettings(LbConfig.DEFAULT, Duration.ofSeconds(2), fixed, least);
        ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder("etcd:///svc", InsecureChannelCredentials.create());
        ChannelSetup.of(source)
                .clients(client -> settings)
                .live(live)
                .ready(ready)
                .build()
                .prepare(builder, "svc");
        ManagedChannel channel = builder.build();
        opened.add((AutoCloseable) channel::shutdownNow);
        return channel;
    }
}
