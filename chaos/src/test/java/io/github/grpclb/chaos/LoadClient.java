package io.github.grpclb.chaos;

import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.sample.HelloReply;
import io.github.grpclb.sample.HelloRequest;
import io.github.grpclb.sample.HelloServiceGrpc;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application with the starter and one channel, in this JVM, that calls the sample servers at a rate and notes every
 * call. Its calls do not wait for ready and have a deadline, and no retry is configured: what fails, is seen.
 */
final class LoadClient implements AutoCloseable {

    /** Longer than any pause that a row allows; ends calls at frozen servers. */
    private static final long DEADLINE_SECONDS = 5;

    /** On a busy machine; nothing that a row promises. */
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(60);

    /** What a pause of this process kept from being called is made up for, but no more than this: a burst is a fault of its own. */
    private static final long MOST_BEHIND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ConfigurableApplicationContext context;
    private final Channel channel;
    private final Queue<CallLog.Call> calls = new ConcurrentLinkedQueue<>();
    private final Phaser underWay = new Phaser(1);
    private final ListLog lists = new ListLog();
    private final Warnings warnings = Warnings.listen();
    private final SeenReasons reasons;
    private volatile Thread pacer;

    private LoadClient(ConfigurableApplicationContext context, String service) {
        this.context = context;
        this.channel = context.getBean(Host.Stub.class).channel();
        this.reasons = new SeenReasons(context);
        context.getBean(EndpointSource.class).subscribe(service, lists);
    }

    /**
     * Starts the application; nothing is called yet.
     *
     * @param properties {@code name=value}
     */
    static LoadClient start(String service, String... properties) {
        Map<String, Object> all = new HashMap<>(Host.current().clientProperties());
        all.put("grpc.lb.clients.load.service", service);
        for (String property : properties) {
            String[] parts = property.split("=", 2);
            all.put(parts[0], parts[1]);
        }
        return new LoadClient(
                new SpringApplicationBuilder(Host.current().client())
                        .web(WebApplicationType.NONE)
                        .bannerMode(Banner.Mode.OFF)
                        .logStartupInfo(false)
                        .registerShutdownHook(false)
                        .properties(all)
                        .run(),
                service);
    }

    ConfigurableApplicationContext context() {
        return context;
    }

    Channel channel() {
        return channel;
    }

    /** Returns the lists that reached it from the registry. */
    ListLog lists() {
        return lists;
    }

    /** Waits until this client says of a server, named by its address or its key's tail, why it gets no calls: as the table has it. */
    void awaitReason(String scene, String server) {
        reasons.await(scene, server, Scene.RECOVERY);
    }

    /** The same of what happened to a server at some time. */
    void awaitEvent(String scene, String server) {
        reasons.awaitEvent(scene, server, Scene.RECOVERY);
    }

    /** Returns what was logged here as a warning or worse since it started. */
    List<String> warnings() {
        return warnings.lines();
    }

    /** Returns what a counter counts, over all its tags. */
    double counted(String meter) {
        return context.getBean(MeterRegistry.class).get(meter).counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    /** Makes one call and waits for its end. */
    CallLog.Call call() {
        return call(CallOptions.DEFAULT, DEADLINE_SECONDS).join();
    }

    /** Makes a call that waits for a connection. */
    CompletableFuture<CallLog.Call> callWhenReady() {
        return call(CallOptions.DEFAULT.withWaitForReady(), CONNECT_LIMIT.toSeconds());
    }

    /** Waits until so many calls have ended: a busy machine makes fewer a second than it was asked for. */
    void awaitCalls(int atLeast) {
        await().atMost(Duration.ofSeconds(30)).until(() -> calls.size() >= atLeast);
    }

    /** Begins to call, so many times a second, until {@link #stop}. */
    LoadClient begin(int perSecond) {
        Thread started = new Thread(() -> pace(perSecond), "load");
        pacer = started;
        started.start();
        return this;
    }

    /** Waits until each of some servers has answered, so that connections to all of them stand. */
    void awaitAnswersOf(Collection<String> servers) {
        Moment.now().within(CONNECT_LIMIT, "all answer", () -> soFar().byServer()
                .keySet()
                .containsAll(servers));
    }

    /** Returns the calls that have ended so far. */
    CallLog soFar() {
        return new CallLog(List.copyOf(calls));
    }

    /** Returns the calls that have ended since the last time, and forgets them. */
    CallLog take() {
        List<CallLog.Call> taken = new ArrayList<>();
        for (CallLog.Call call = calls.poll(); call != null; call = calls.poll()) {
            taken.add(call);
        }
        return new CallLog(taken);
    }

    /** Ends the load, waits for the calls under way, and returns all calls since the start. */
    CallLog stop() {
        Thread running = pacer;
        pacer = null;
        if (running != null) {
            try {
                running.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            underWay.arriveAndAwaitAdvance();
        }
        return soFar();
    }

    @Override
    public void close() {
        stop();
        context.close();
        warnings.stop();
    }

    private void pace(int perSecond) {
        long interval = TimeUnit.SECONDS.toNanos(1) / perSecond;
        long planned = System.nanoTime();
        while (pacer == Thread.currentThread()) {
            for (long left = planned - System.nanoTime(); left > 0; left = planned - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            underWay.register();
            call(CallOptions.DEFAULT, DEADLINE_SECONDS).whenComplete((call, never) -> underWay.arriveAndDeregister());
            planned = Math.max(planned + interval, System.nanoTime() - MOST_BEHIND_NANOS);
        }
    }

    private CompletableFuture<CallLog.Call> call(CallOptions options, long deadlineSeconds) {
        CompletableFuture<CallLog.Call> ended = new CompletableFuture<>();
        long start = System.nanoTime();
        CallOptions limited = options.withDeadlineAfter(deadlineSeconds, TimeUnit.SECONDS);
        Peer peer = new Peer();
        ClientCall<HelloRequest, HelloReply> call =
                channel.newCall(HelloServiceGrpc.getSayMethod(), limited.withStreamTracerFactory(peer));
        call.start(
                new ClientCall.Listener<>() {
                    private String server = "";

                    @Override
                    public void onMessage(HelloReply reply) {
                        server = reply.getValue().substring(reply.getValue().lastIndexOf(' ') + 1);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        String cause = status.getCause() == null ? "" : " (" + status.getCause() + ")";
                        CallLog.Call done = new CallLog.Call(
                                start,
                                System.nanoTime(),
                                status.getCode(),
                                server,
                                peer.address,
                                status.isOk() ? "" : status.getDescription() + cause);
                        calls.add(done);
                        ended.complete(done);
                    }
                },
                new Metadata());
        call.request(1);
        call.sendMessage(HelloRequest.newBuilder().setName("load").build());
        call.halfClose();
        return ended;
    }

    /** Notes the connection that a call was sent on; the call itself no longer tells when it has failed. */
    private static final class Peer extends ClientStreamTracer.Factory {

        private volatile String address = "";

        @Override
        public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
            return new ClientStreamTracer() {
                @Override
                public void streamCreated(Attributes transport, Metadata headers) {
                    Object remote = transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
                    address = String.valueOf(remote).replaceFirst("^[^/]*/", "");
                }
            };
        }
    }
}
