package io.github.grpclb.balancer.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.load.PeakEwma;
import io.github.grpclb.testing.Allocation;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.ClientStreamTracer.StreamInfo;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Metadata;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What becomes of a call, from its tracer's view. */
class CallTracerTest {

    private final FakeClock clock = new FakeClock();
    private final EndpointLoads loads = new EndpointLoads(Duration.ofMinutes(5), clock::nanoTime);
    private final Endpoint endpoint = FakeServers.endpoint(1).build();
    private final EndpointLoad load = loads.acquire(endpoint.identity());
    private final Recorder observer = new Recorder();
    private final CallTracking tracking = new CallTracking(loads, observer, new LogLimit(System::nanoTime));
    private final Subchannel subchannel = new FakeHelper()
            .createSubchannel(CreateSubchannelArgs.newBuilder()
                    .setAddresses(new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", 1)))
                    .build());

    CallTracerTest() {
        tracking.policyIs("random");
    }

    @Test
    void countsACallFromItsHeadersToItsEnd() {
        ClientStreamTracer tracer = newTracer(CallOptions.DEFAULT);
        tracer.streamCreated(Attributes.EMPTY, new Metadata());
        assertThat(load.inFlight()).isZero();
        tracer.outboundHeaders();
        assertThat(load.inFlight()).isEqualTo(1);
        clock.forward(Duration.ofSeconds(2));
        tracer.inboundMessage(0);
        clock.forward(Duration.ofSeconds(1));
        tracer.inboundMessage(1);
        tracer.streamClosed(Status.OK);
        assertThat(load.inFlight()).isZero();
        assertThat(load.successes()).isEqualTo(1);
        assertThat(load.latency(EndpointLoad.DEFAULT_DECAY).at(clock.nanoTime()))
                .isBetween(1.7e9, 2e9);
        assertThat(observer.told)
                .containsExactly("started s1 random", "finished s1 random OK SUCCESS " + 3_000_000_000L);
    }

    @Test
    void doesNotCountACallThatEndsBeforeItsHeaders() {
        ClientStreamTracer tracer = newTracer(CallOptions.DEFAULT);
        tracer.streamClosed(Status.CANCELLED);
        tracer.outboundHeaders();
        tracer.inboundMessage(0);
        assertThat(load.inFlight()).isZero();
        assertThat(load.meanWaitNanos(clock.nanoTime() + 1_000_000_000_000L)).isZero();
        assertThat(load.cancellations()).isZero();
        assertThat(observer.told).isEmpty();
    }

    /** The transport sends the headers late where a server limits its concurrent streams. */
    @Test
    void countsACallFromItsFirstMessageThoughItWaitsToBeSent() {
        ClientStreamTracer tracer = newTracer(CallOptions.DEFAULT);
        tracer.streamCreated(Attributes.EMPTY, new Metadata());
        tracer.outboundMessage(0);
        tracer.outboundMessage(1);
        assertThat(load.inFlight()).isEqualTo(1);
        assertThat(observer.told).isEmpty();
        clock.forward(Duration.ofSeconds(2));
        assertThat(load.meanWaitNanos(clock.nanoTime())).isBetween(1_900_000_000L, 2_000_000_000L);
        tracer.outboundHeaders();
        assertThat(load.inFlight()).isEqualTo(1);
        clock.forward(Duration.ofSeconds(1));
        tracer.inboundMessage(0);
        tracer.streamClosed(Status.OK);
        assertThat(load.inFlight()).isZero();
        assertThat(load.meanWaitNanos(clock.nanoTime())).isZero();
        assertThat(load.successes()).isEqualTo(1);
        assertThat(load.latency(EndpointLoad.DEFAULT_DECAY).at(clock.nanoTime()))
                .isBetween(2.9e9, 3.1e9);
        assertThat(observer.told)
                .containsExactly("started s1 random", "finished s1 random OK SUCCESS " + 3_000_000_000L);
    }

    @Test
    void takesBackACallThatIsGivenUpWhileItWaitsToBeSent() {
        close(newTracer(CallOptions.DEFAULT));
        long cancelled = load.cancellations();
        observer.told.clear();
        ClientStreamTracer tracer = newTracer(CallOptions.DEFAULT.withDeadline(Deadline.after(1, TimeUnit.HOURS)));
        tracer.outboundMessage(0);
        clock.forward(Duration.ofSeconds(2));
        tracer.streamClosed(Status.CANCELLED);
        tracer.outboundHeaders();
        assertThat(load.inFlight()).isZero();
        assertThat(load.meanWaitNanos(clock.nanoTime() + 1_000_000_000_000L)).isZero();
        assertThat(load.cancellations()).isEqualTo(cancelled);
        assertThat(load.failures()).isZero();
        assertThat(observer.told).isEmpty();
    }

    @Test
    void learnsFromACallThatIsGivenUpThatTheServerIsSlowAndNeverThatItIsFast() {
        ClientStreamTracer first = newTracer(CallOptions.DEFAULT);
        first.outboundMessage(0);
        clock.forward(Duration.ofMillis(1));
        first.streamClosed(Status.UNAVAILABLE);
        PeakEwma latency = load.latency(EndpointLoad.DEFAULT_DECAY);
        assertThat(latency.at(clock.nanoTime())).isZero();

        ClientStreamTracer answered = newTracer(CallOptions.DEFAULT);
        answered.outboundMessage(0);
        answered.outboundHeaders();
        clock.forward(Duration.ofMillis(10));
        answered.inboundMessage(0);
        answered.streamClosed(Status.OK);
        ClientStreamTracer second = newTracer(CallOptions.DEFAULT);
        second.outboundMessage(0);
        clock.forward(Duration.ofSeconds(3));
        second.streamClosed(Status.CANCELLED);
        assertThat(latency.at(clock.nanoTime())).isGreaterThan(2.9e9);
    }

    @Test
    void holdsItAgainstTheServerWhereADeadlinePassesBeforeTheCallIsSent() {
        ClientStreamTracer tracer = newTracer(CallOptions.DEFAULT.withDeadline(Deadline.after(-1, TimeUnit.SECONDS)));
        tracer.outboundMessage(0);
        clock.forward(Duration.ofSeconds(2));
        tracer.streamClosed(Status.CANCELLED);
        assertThat(load.inFlight()).isZero();
        assertThat(load.failures()).isEqualTo(1);
        assertThat(observer.told)
                .containsExactly("started s1 random", "finished s1 random CANCELLED FAILURE " + 2_000_000_000L);
    }

    @Test
    void countsNothingForACallThatIsNeverSent() {
        newTracer(CallOptions.DEFAULT).streamCreated(Attributes.EMPTY, new Metadata());
        assertThat(load.inFlight()).isZero();
    }

    @Test
    void leavesNothingInFlightWhoeverComesFirst() throws Exception {
        int calls = 20_000;
        CyclicBarrier together = new CyclicBarrier(2);
        ExecutorService transport = Executors.newSingleThreadExecutor();
        List<ClientStreamTracer> tracers = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            tracers.add(newTracer(CallOptions.DEFAULT));
        }
        try {
            Future<?> closing = transport.submit(() -> {
                together.await();
                tracers.forEach(tracer -> tracer.streamClosed(Status.CANCELLED));
                return null;
            });
            together.await();
            for (ClientStreamTracer tracer : tracers) {
                tracer.outboundHeaders();
                tracer.inboundMessage(0);
            }
            closing.get();
        } finally {
            transport.shutdown();
        }
        assertThat(load.inFlight()).isZero();
        assertThat(load.meanWaitNanos(clock.nanoTime() + 1_000_000_000_000L)).isZero();
        assertThat(observer.told.stream().filter(event -> event.startsWith("started")))
                .hasSize((int) load.cancellations());
    }

    @Test
    void leavesNothingInFlightWhereCallerAndTransportCountTogetherAndTheStreamEnds() throws Exception {
        int calls = 20_000;
        CyclicBarrier together = new CyclicBarrier(3);
        ExecutorService others = Executors.newFixedThreadPool(2);
        List<ClientStreamTracer> tracers = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            tracers.add(newTracer(CallOptions.DEFAULT));
        }
        try {
            Future<?> closing = others.submit(() -> {
                together.await();
                tracers.forEach(tracer -> tracer.streamClosed(Status.CANCELLED));
                return null;
            });
            Future<?> sending = others.submit(() -> {
                together.await();
                tracers.forEach(ClientStreamTracer::outboundHeaders);
                return null;
            });
            together.await();
            tracers.forEach(tracer -> tracer.outboundMessage(0));
            closing.get();
            sending.get();
        } finally {
            others.shutdown();
        }
        assertThat(load.inFlight()).isZero();
        assertThat(load.meanWaitNanos(clock.nanoTime() + 1_000_000_000_000L)).isZero();
        assertThat(observer.told.stream().filter(event -> event.startsWith("started")))
                .hasSize((int) load.cancellations());
    }

    @Test
    void tellsADeadlineFromTheCallersOwnCancellation() {
        Deadline passed = Deadline.after(-1, TimeUnit.SECONDS);
        Deadline ahead = Deadline.after(1, TimeUnit.HOURS);
        close(newTracer(CallOptions.DEFAULT.withDeadline(passed)));
        assertThat(load.failures()).isEqualTo(1);
        close(newTracer(CallOptions.DEFAULT.withDeadline(ahead)));
        close(newTracer(CallOptions.DEFAULT));
        assertThat(load.failures()).isEqualTo(1);
        assertThat(load.cancellations()).isEqualTo(2);
    }

    @Test
    void knowsTheDeadlineThatACallInherited() throws Exception {
        ScheduledExecutorService timer = new ScheduledThreadPoolExecutor(1);
        try (Context.CancellableContext context =
                Context.ROOT.withDeadline(Deadline.after(-1, TimeUnit.SECONDS), timer)) {
            close(context.call(() -> newTracer(CallOptions.DEFAULT.withDeadline(Deadline.after(1, TimeUnit.HOURS)))));
        } finally {
            timer.shutdownNow();
        }
        assertThat(load.failures()).isEqualTo(1);
    }

    @Test
    void goesOnTellingTheTracerOfTheConnectionItself() {
        List<String> own = new ArrayList<>();
        PickResult raw = PickResult.withSubchannel(subchannel, new ClientStreamTracer.Factory() {
            @Override
            public ClientStreamTracer newClientStreamTracer(StreamInfo info, Metadata headers) {
                return new ClientStreamTracer() {
                    @Override
                    public void outboundHeaders() {
                        own.add("headers");
                    }

                    @Override
                    public void inboundMessage(int number) {
                        own.add("message " + number);
                    }

                    @Override
                    public void streamClosed(Status status) {
                        own.add(status.getCode().toString());
                    }
                };
            }
        });
        ClientStreamTracer tracer = newTracer(raw, CallOptions.DEFAULT);
        tracer.outboundHeaders();
        tracer.inboundMessage(0);
        tracer.streamClosed(Status.OK);
        assertThat(own).containsExactly("headers", "message 0", "OK");
        assertThat(load.successes()).isEqualTo(1);
    }

    @Test
    void answersAPickWithTheSameResultWithoutAllocating() {
        PickResult raw = PickResult.withSubchannel(subchannel);
        SubchannelPicker picker = TrackedConnection.of(new FixedResultPicker(raw), tracking, endpoint, load, null);
        PickResult first = picker.pickSubchannel(FakeCall.PLAIN);
        assertThat(first.getSubchannel()).isSameAs(subchannel);
        assertThat(picker.pickSubchannel(FakeCall.PLAIN)).isSameAs(first);
        assertThat(Allocation.bytesPerRun(() -> picker.pickSubchannel(FakeCall.PLAIN)))
                .isLessThan(1);
    }

    @Test
    void leavesAResultWithoutAConnectionAsItIs() {
        PickResult failed = PickResult.withError(Status.UNAVAILABLE);
        assertThat(TrackedConnection.of(new FixedResultPicker(failed), tracking, endpoint, load, null)
                        .pickSubchannel(FakeCall.PLAIN))
                .isSameAs(failed);
    }

    @Test
    void doesWithoutAnObserverThatThrows() {
        PickObserver throwing = new PickObserver() {
            @Override
            public void callStarted(Endpoint endpoint, String policy) {
                throw new IllegalStateException("broken on purpose");
            }

            @Override
            public void pickFailed(String service, String policy, Failure failure) {
                throw new StackOverflowError("broken on purpose");
            }
        };
        CallTracking broken = new CallTracking(loads, throwing, new LogLimit(System::nanoTime));
        SubchannelPicker picker = TrackedConnection.of(
                new FixedResultPicker(PickResult.withSubchannel(subchannel)), broken, endpoint, load, null);
        ClientStreamTracer tracer = picker.pickSubchannel(FakeCall.PLAIN)
                .getStreamTracerFactory()
                .newClientStreamTracer(StreamInfo.newBuilder().build(), new Metadata());
        tracer.outboundHeaders();
        broken.pickFailed("svc", PickObserver.Failure.NOT_READY);
        tracer.streamClosed(Status.OK);
        assertThat(load.successes()).isEqualTo(1);
    }

    private static void close(ClientStreamTracer tracer) {
        tracer.outboundHeaders();
        tracer.streamClosed(Status.CANCELLED);
    }

    private ClientStreamTracer newTracer(CallOptions options) {
        return newTracer(PickResult.withSubchannel(subchannel), options);
    }

    private ClientStreamTracer newTracer(PickResult raw, CallOptions options) {
        return TrackedConnection.of(new FixedResultPicker(raw), tracking, endpoint, load, null)
                .pickSubchannel(FakeCall.PLAIN)
                .getStreamTracerFactory()
                .newClientStreamTracer(
                        StreamInfo.newBuilder().setCallOptions(options).build(), new Metadata());
    }

    private static final class Recorder implements PickObserver {

        private final List<String> told = new ArrayList<>();

        @Override
        public synchronized void callStarted(Endpoint endpoint, String policy) {
            told.add("started " + endpoint.id() + " " + policy);
        }

        @Override
        public synchronized void callFinished(
                Endpoint endpoint, String policy, Status.Code status, CallOutcome outcome, long nanos) {
            told.add("finished " + endpoint.id() + " " + policy + " " + status + " " + outcome + " " + nanos);
        }
    }
}
