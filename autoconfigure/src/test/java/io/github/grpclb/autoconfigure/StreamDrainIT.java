package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Load;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Servers with streams open that stop, under unary calls. */
@FaultRow(23)
class StreamDrainIT {

    private static final MethodDescriptor<String, String> ASK =
            TestServer.WHO.toBuilder().setFullMethodName("test.Chat/Ask").build();
    private static final MethodDescriptor<String, String> CHAT = TestServer.WHO.toBuilder()
            .setType(MethodType.BIDI_STREAMING)
            .setFullMethodName("test.Chat/Chat")
            .build();

    private static final long TICK_NANOS = 500_000;

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));

    @Test
    void aStreamGoesOnForItsGraceAndIsThenSentElsewhereWhileNoUnaryCallFails() throws Exception {
        ConfigurableApplicationContext leaving = server("a", "3s");
        ConfigurableApplicationContext client = client();
        Channel channel = client.getBean(Caller.class).greeter;
        Talk talk = new Talk(channel);
        await().untilAsserted(() -> assertThat(talk.said("1")).endsWith("a:1"));
        server("b", "3s");
        KnownServers known = new KnownServers(client.getBean(EndpointSource.class));
        await().until(() -> known.count() == 2);

        try (Load load = new Load(
                1,
                () -> ClientCalls.blockingUnaryCall(
                        channel, ASK, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), "who"))) {
            await().until(() -> load.answered() > 20);
            CompletableFuture<Duration> stopped = stop(leaving);
            await().until(() -> known.count() == 1);
            assertThat(talk.end).as("the withdrawal does not wait for streams").isNotDone();
            await().untilAsserted(() -> assertThat(talk.said("2")).endsWith("a:2"));
            Status end = talk.end.get(20, TimeUnit.SECONDS);
            assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(end.getDescription()).isEqualTo("server is draining");
            Talk again = new Talk(channel);
            await().untilAsserted(() -> assertThat(again.said("3")).endsWith("b:3"));
            assertThat(stopped.get(20, TimeUnit.SECONDS)).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(15));
            await().until(() -> load.answered() > 200);
            assertThat(load.failures()).isEmpty();
        }
    }

    @Test
    void aServerDoesNotWaitForTheGraceOnceItsStreamsHaveEnded() throws Exception {
        ConfigurableApplicationContext leaving = server("a", "60s");
        ConfigurableApplicationContext client = client();
        Talk talk = new Talk(client.getBean(Caller.class).greeter);
        await().untilAsserted(() -> assertThat(talk.said("1")).endsWith("a:1"));
        KnownServers known = new KnownServers(client.getBean(EndpointSource.class));
        await().until(() -> known.count() == 1);
        CompletableFuture<Duration> stopped = stop(leaving);
        await().until(() -> known.count() == 0);
        assertThat(stopped).isNotDone();
        talk.requests.onCompleted();
        assertThat(talk.end.get(20, TimeUnit.SECONDS).isOk()).isTrue();
        assertThat(stopped.get(20, TimeUnit.SECONDS)).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void aServiceLearnsThatItsStreamHasEndedAndMaySendMeanwhile() throws Exception {
        ConfigurableApplicationContext leaving = server("a", "0s");
        Talk talk = new Talk(client().getBean(Caller.class).greeter);
        await().untilAsserted(() -> assertThat(talk.said("1")).endsWith("a:1"));
        Chat service = leaving.getBean(Chat.class);
        CompletableFuture<Duration> stopped = stop(leaving);
        assertThat(talk.end.get(20, TimeUnit.SECONDS).getDescription()).isEqualTo("server is draining");
        assertThat(service.cancelled).succeedsWithin(Duration.ofSeconds(20));
        assertThat(stopped.get(20, TimeUnit.SECONDS)).isLessThan(Duration.ofSeconds(20));
        assertThat(service.failures).isEmpty();
    }

    private ConfigurableApplicationContext server(String id, String grace) {
        return opened.add(TestApplications.start(
                ServerApplication.class,
                Map.of("grpc.server.port", "0", "grpc.server.address", "127.0.0.1"),
                "grpc.lb.etcd.endpoints=" + etcd.endpoint(),
                "grpc.lb.registration.service=greeter",
                "grpc.lb.registration.id=" + id,
                "grpc.lb.registration.drain.stream-grace=" + grace));
    }

    private ConfigurableApplicationContext client() {
        return opened.add(
                TestApplications.client(ClientApplication.class, "grpc.lb.etcd.endpoints=" + etcd.endpoint()));
    }

    private static CompletableFuture<Duration> stop(ConfigurableApplicationContext server) {
        return CompletableFuture.supplyAsync(() -> {
            long begun = System.nanoTime();
            server.close();
            return Duration.ofNanos(System.nanoTime() - begun);
        });
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Chat.class)
    static class ServerApplication {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Caller.class)
    static class ClientApplication {}

    static class Caller {

        @GrpcClient("greeter")
        private Channel greeter;
    }

    /** Says again what it hears; while a stream is open another thread sends all the time. */
    @GrpcService
    static class Chat implements BindableService {

        private final String id;
        private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
        private final List<Throwable> failures = new CopyOnWriteArrayList<>();

        Chat(@Value("${grpc.lb.registration.id}") String id) {
            this.id = id;
        }

        @Override
        public ServerServiceDefinition bindService() {
            return ServerServiceDefinition.builder("test.Chat")
                    .addMethod(ASK, ServerCalls.asyncUnaryCall((request, response) -> {
                        response.onNext(id);
                        response.onCompleted();
                    }))
                    .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(this::chat))
                    .build();
        }

        private StreamObserver<String> chat(StreamObserver<String> response) {
            ServerCallStreamObserver<String> call = (ServerCallStreamObserver<String>) response;
            call.setOnCancelHandler(() -> cancelled.complete(null));
            return new StreamObserver<>() {
                private volatile boolean over;

                {
                    Thread thread = new Thread(() -> {
                        while (!over && !cancelled.isDone()) {
                            send("tick");
                            LockSupport.parkNanos(TICK_NANOS);
                        }
                    });
                    thread.setDaemon(true);
                    thread.start();
                }

                private synchronized void send(String text) {
                    try {
                        if (text.equals("tick") && (over || !call.isReady())) {
                            return;
                        }
                        call.onNext(text);
                    } catch (RuntimeException e) {
                        failures.add(e);
                    }
                }

                @Override
                public void onNext(String request) {
                    send(id + ":" + request);
                }

                @Override
                public void onError(Throwable failure) {
                    over = true;
                }

                @Override
                public synchronized void onCompleted() {
                    over = true;
                    call.onCompleted();
                }
            };
        }
    }

    /** A client's stream. */
    private static final class Talk implements StreamObserver<String> {

        private final List<String> heard = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();
        private final StreamObserver<String> requests;

        Talk(Channel channel) {
            requests = ClientCalls.asyncBidiStreamingCall(
                    channel.newCall(CHAT, CallOptions.DEFAULT.withWaitForReady()), this);
        }

        List<String> said(String text) {
            if (heard.stream().noneMatch(it -> it.endsWith(":" + text))) {
                requests.onNext(text);
            }
            return heard;
        }

        @Override
        public void onNext(String answer) {
            if (!answer.equals("tick")) {
                heard.add(answer);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }
    }

    /** How many servers a client knows. */
    private static final class KnownServers implements EndpointListener {

        private volatile int count;

        KnownServers(EndpointSource source) {
            source.subscribe("greeter", this);
        }

        int count() {
            return count;
        }

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            count = snapshot.endpoints().size();
        }

        @Override
        public void onUnavailable(String reason) {}
    }
}
