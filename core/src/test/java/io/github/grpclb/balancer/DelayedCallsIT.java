package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.metrics.CallMetrics;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Calls that wait on a real channel: what gRPC's own tracers and our meters hear of it. */
class DelayedCallsIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final TestServer server = opened.add(TestServer.start("a"));
    private final FakeEndpointSource source = new FakeEndpointSource();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final List<String> heard = new CopyOnWriteArrayList<>();

    @Test
    void theFirstCallsWaitForTheListAndThenForAConnection() {
        ManagedChannel channel = channel();
        CompletableFuture<Status> closed = call(channel);
        await().until(() -> source.followers() == 1);
        long before = System.nanoTime();
        assertThat(registry.find("grpc.lb.first.list").timer()).isNull();
        long after = System.nanoTime();
        source.publish("svc", FakeEndpointSource.endpoint("svc", server).build());
        assertThat(closed.join().isOk()).isTrue();

        Timer timer = registry.get("grpc.lb.first.list").tag("service", "svc").timer();
        assertThat(timer.count()).isEqualTo(1);
        assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isGreaterThanOrEqualTo(after - before);
        assertThat(registry.get("grpc.lb.picks.delayed")
                        .tags("service", "svc", "reason", "connecting")
                        .counter()
                        .count())
                .isPositive();
        assertThat(heard)
                .anyMatch(each -> each.endsWith("no endpoint is ready"))
                .endsWith("end");
    }

    @Test
    void laterListsAreNotTheFirstAndOneAfterAnIdleTimeIsAgain() {
        source.publish("svc", FakeEndpointSource.endpoint("svc", server).build());
        ManagedChannel channel = channel();
        assertThat(call(channel).join().isOk()).isTrue();
        source.publish(
                "svc", FakeEndpointSource.endpoint("svc", server).weight(7).build());
        assertThat(call(channel).join().isOk()).isTrue();
        assertThat(firstLists()).isEqualTo(1);
        channel.enterIdle();
        await().until(() -> channel.getState(false) == ConnectivityState.IDLE);
        assertThat(call(channel).join().isOk()).isTrue();
        assertThat(firstLists()).isEqualTo(2);
    }

    @Test
    void noListIsTheFirstWhereCallsHaveFailedForWantOfOne() {
        ManagedChannel channel = channel();
        CompletableFuture<Status> failed = call(channel);
        await().until(() -> source.followers() == 1);
        source.unavailable("svc", "no answer");
        assertThat(failed.join().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        source.publish("svc", FakeEndpointSource.endpoint("svc", server).build());
        await().until(() -> call(channel).join().isOk());
        assertThat(registry.find("grpc.lb.first.list").timer()).isNull();
    }

    private long firstLists() {
        return registry.get("grpc.lb.first.list").timer().count();
    }

    private CompletableFuture<Status> call(ManagedChannel channel) {
        CompletableFuture<Status> closed = new CompletableFuture<>();
        ClientCall<String, String> call = channel.newCall(
                TestServer.WHO,
                CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS).withStreamTracerFactory(new Delays()));
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        closed.complete(status);
                    }
                },
                new Metadata());
        call.sendMessage("");
        call.halfClose();
        call.request(2);
        return closed;
    }

    private ManagedChannel channel() {
        ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder("etcd:///svc", InsecureChannelCredentials.create());
        ChannelSetup.of(source).observer(new CallMetrics(registry)).build().prepare(builder, "client");
        ManagedChannel channel = builder.build();
        opened.add(channel::shutdownNow);
        return channel;
    }

    private final class Delays extends ClientStreamTracer.Factory {

        @Override
        public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
            return new ClientStreamTracer() {

                @Override
                public void recordAttemptDelayStart(String type, @Nullable String reason) {
                    heard.add("start " + type + ": " + reason);
                }

                @Override
                public void recordAttemptDelayReasonChanged(String reason) {
                    heard.add("reason " + reason);
                }

                @Override
                public void recordAttemptDelayEnd() {
                    heard.add("end");
                }
            };
        }
    }
}
