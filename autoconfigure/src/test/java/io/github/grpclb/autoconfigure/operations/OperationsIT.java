package io.github.grpclb.autoconfigure.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.github.grpclb.timeline.Timeline;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What the actuator's endpoint changes, over HTTP: with servlets and with WebFlux, on each Spring Boot that this is compiled for. */
@ExtendWith(OutputCaptureExtension.class)
class OperationsIT {

    private static final String ENABLED = "grpc.lb.operations.enabled=true";
    private static final String PRE_STOP = "grpc.lb.operations.pre-stop=true";
    private static final String JSON = "application/json";

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final HttpClient http = HttpClient.newHttpClient();

    /** Stacks of Spring's web. */
    enum Web {
        SERVLET(WebApplicationType.SERVLET),
        REACTIVE(WebApplicationType.REACTIVE);

        private final WebApplicationType type;

        Web(WebApplicationType type) {
            this.type = type;
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingCanBeChangedWithoutTheProperty(Web web, CapturedOutput output) throws Exception {
        ConfigurableApplicationContext server = start(web, "a", PRE_STOP);
        await().untilAsserted(() -> assertThat(output)
                .contains("grpc.lb.operations.pre-stop=true has no effect, as grpc.lb.operations.enabled is false"));
        assertThat(send(server, "POST", "grpclb/drain", JSON, "{}").statusCode())
                .isIn(404, 405);
        assertThat(send(server, "POST", "grpclb", JSON, "{}").statusCode()).isIn(404, 405);
        assertThat(send(server, "DELETE", "grpclb/drain", null, null).statusCode())
                .isIn(404, 405);
        assertThat(send(server, "GET", "grpclb/drain", null, null).statusCode()).isEqualTo(404);
        assertThat(send(server, "GET", "grpclb/pre-stop", null, null).statusCode())
                .isEqualTo(404);
        assertThat(registration(server).endpoint().state()).isEqualTo(Endpoint.State.UP);
    }

    @ParameterizedTest
    @EnumSource
    void aServerIsDrainedAndComesBack(Web web) throws Exception {
        start(web, "other");
        ConfigurableApplicationContext server =
                start(web, "a", ENABLED, "grpc.lb.registration.drain.quiet-period=200ms");
        Caller caller = server.getBean(Caller.class);
        await().until(() -> caller.answers().equals(Set.of("a", "other")));
        HealthGrpc.HealthBlockingStub health = health(server);
        assertThat(status(send(server, "GET", "grpclb/drain", null, null), 503)).isEqualTo("NONE");
        assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                .isEqualTo(ServingStatus.SERVING);

        HttpResponse<String> drained = send(server, "POST", "grpclb/drain", JSON, "");
        assertThat(drained.statusCode()).isEqualTo(200);
        await().until(() -> caller.answers().equals(Set.of("other")));
        assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                .isEqualTo(ServingStatus.NOT_SERVING);
        await().untilAsserted(() -> assertThat(status(send(server, "GET", "grpclb/drain", null, null), 200))
                .isEqualTo("QUIET"));

        assertThat(status(send(server, "DELETE", "grpclb/drain", null, null), 200))
                .isEqualTo("NONE");
        assertThat(server.getBean(Timeline.class).since(0).stream()
                        .filter(event -> event.kind() == Timeline.Kind.DRAINING && "a".equals(event.id()))
                        .map(Timeline.Event::cause))
                .contains(
                        "this process's own server drains, as was asked for",
                        "no longer: this process's own server takes calls again, as was asked for");
        await().until(() -> caller.answers().equals(Set.of("a", "other")));
        assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                .isEqualTo(ServingStatus.SERVING);
    }

    @ParameterizedTest
    @EnumSource
    void preStopAnswersWhenItIsQuietAndTheStopThenDoesNotWaitAgain(Web web) throws Exception {
        start(web, "other");
        ConfigurableApplicationContext server = start(
                web,
                "a",
                ENABLED,
                PRE_STOP,
                "grpc.lb.registration.drain.quiet-period=2s",
                "grpc.server.shutdown-grace-period=0s");
        long begun = System.nanoTime();
        assertThat(status(send(server, "GET", "grpclb/pre-stop", null, null), 200))
                .isEqualTo("QUIET");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
        assertThat(registration(server).endpoint().state()).isEqualTo(Endpoint.State.DRAINING);
        long stopped = System.nanoTime();
        server.getBean(net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle.class)
                .stop();
        assertThat(Duration.ofNanos(System.nanoTime() - stopped)).isLessThan(Duration.ofSeconds(2));
    }

    @ParameterizedTest
    @EnumSource
    void preStopAnswersAtTheDrainsTimeoutWhereCallsGoOn(Web web) throws Exception {
        start(web, "other");
        ConfigurableApplicationContext server = start(
                web,
                "a",
                ENABLED,
                PRE_STOP,
                "grpc.lb.registration.drain.quiet-period=900ms",
                "grpc.lb.registration.drain.timeout=1s");
        CompletableFuture<HttpResponse<String>> answer =
                http.sendAsync(request(server, "GET", "grpclb/pre-stop", null, null), BodyHandlers.ofString());
        try (CallsAtAddress calls =
                new CallsAtAddress(registration(server).endpoint().port())) {
            await().pollInterval(Duration.ofMillis(10)).until(() -> {
                calls.call();
                return answer.isDone();
            });
        }
        assertThat(status(answer.get(), 200)).isEqualTo("OVERDUE");
    }

    @ParameterizedTest
    @EnumSource
    void preStopIsASwitchOfItsOwn(Web web) throws Exception {
        ConfigurableApplicationContext server = start(web, "a", ENABLED);
        assertThat(send(server, "GET", "grpclb/pre-stop", null, null).statusCode())
                .isEqualTo(404);
        assertThat(registration(server).endpoint().state()).isEqualTo(Endpoint.State.UP);
    }

    @ParameterizedTest
    @EnumSource
    void aRefusalSaysWhy(Web web) throws Exception {
        ConfigurableApplicationContext server = start(web, "a", ENABLED);
        String rest =
                "\"service\":\"greeter\",\"duration\":\"10m\",\"author\":\"ann\",\"reason\":\"a trial\",\"force\":true}";
        refused(server, "{\"disabled\":true," + rest, "selector", "server, zone, version and all=true");
        refused(server, "{\"serverId\":\"a\",\"weight\":0," + rest, "selector", "all=true");
        refused(server, "{\"server\":\"\",\"weight\":5," + rest, "server", "a server's id or address");
        refused(server, "{\"server\":\"a\",\"weight\":-1," + rest, "weight", "-1");
        HttpResponse<String> read = send(server, "GET", "grpclb/services?limit=0", null, null);
        assertThat(read.statusCode()).isEqualTo(400);
        assertThat(read.body()).contains("\"reason\":\"limit: 0 (expected: 1 to 1000)\"");
        assertThat(send(server, "POST", "grpclb/overrides", JSON, "{\"all\":true,\"weight\":5," + rest)
                        .statusCode())
                .isEqualTo(200);
    }

    private void refused(ConfigurableApplicationContext server, String body, String... reason) throws Exception {
        HttpResponse<String> answer = send(server, "POST", "grpclb/overrides", JSON, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("\"reason\":").contains(reason);
    }

    /** What a page of another origin can have a browser send without asking first. */
    @ParameterizedTest
    @EnumSource
    void aPostOfAnotherSiteIsRefused(Web web) throws Exception {
        ConfigurableApplicationContext server = start(web, "a", ENABLED, PRE_STOP);
        for (String type : List.of("text/plain", "application/x-www-form-urlencoded")) {
            assertThat(send(server, "POST", "grpclb/drain", type, "{}").statusCode())
                    .as(type)
                    .isEqualTo(415);
            assertThat(send(server, "POST", "grpclb/drain", type, "").statusCode())
                    .as(type)
                    .isEqualTo(415);
        }
        assertThat(send(server, "POST", "grpclb/drain", "multipart/form-data; boundary=x", "--x--\r\n")
                        .statusCode())
                .isBetween(400, 599); // before it comes to its type, it may fail to be read
        assertThat(send(server, "POST", "grpclb/drain", null, "{}").statusCode())
                .isEqualTo(415);
        assertThat(send(server, "POST", "grpclb/drain", null, null).statusCode())
                .isEqualTo(415);
        HttpResponse<String> asked = http.send(
                HttpRequest.newBuilder(uri(server, "grpclb/drain"))
                        .method("OPTIONS", BodyPublishers.noBody())
                        .setHeader("Origin", "http://elsewhere.example")
                        .setHeader("Access-Control-Request-Method", "DELETE")
                        .build(),
                BodyHandlers.ofString());
        assertThat(asked.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
        assertThat(asked.headers().firstValue("Access-Control-Allow-Methods")).isEmpty();
        assertThat(registration(server).endpoint().state()).isEqualTo(Endpoint.State.UP);
    }

    @ParameterizedTest
    @EnumSource
    void thereIsNoActionOfAnotherName(Web web) throws Exception {
        ConfigurableApplicationContext server = start(web, "a", ENABLED);
        assertThat(send(server, "POST", "grpclb/other", JSON, "{}").statusCode())
                .isEqualTo(404);
        assertThat(send(server, "DELETE", "grpclb/other", null, null).statusCode())
                .isEqualTo(404);
    }

    /** {@code management.endpoint.<id>.access} holds for what changes something, too. */
    @ParameterizedTest
    @EnumSource
    void springsOwnSwitchMakesItReadOnly(Web web) throws Exception {
        ConfigurableApplicationContext server = start(web, "a", ENABLED, "management.endpoint.grpclb.access=read-only");
        assertThat(send(server, "POST", "grpclb/drain", JSON, "{}").statusCode())
                .isIn(404, 405);
        assertThat(send(server, "GET", "grpclb", null, null).statusCode()).isEqualTo(200);
    }

    /** Spring Boot takes one extension of an endpoint, and the page is one, too. */
    @ParameterizedTest
    @EnumSource
    void thePageIsThereAsWell(Web web) throws Exception {
        for (String enabled : List.of(ENABLED, "grpc.lb.operations.enabled=false")) {
            ConfigurableApplicationContext server = start(web, enabled.equals(ENABLED) ? "a" : "b", enabled);
            assertThat(send(server, "GET", "grpclb/ui", null, null).statusCode())
                    .isEqualTo(200);
            assertThat(send(server, "GET", "grpclb/ui/page.js", null, null).body())
                    .isNotEmpty();
        }
    }

    private static String status(HttpResponse<String> response, int expected) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(expected);
        JsonObject body = JsonParser.parseString(response.body()).getAsJsonObject();
        return body.get("state").getAsString();
    }

    private HttpResponse<String> send(
            ConfigurableApplicationContext server, String method, String path, String type, String body)
            throws IOException, InterruptedException {
        return http.send(request(server, method, path, type, body), BodyHandlers.ofString());
    }

    private static HttpRequest request(
            ConfigurableApplicationContext server, String method, String path, String type, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(server, path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (type != null) {
            request.setHeader("Content-Type", type);
        }
        return request.build();
    }

    private static URI uri(ConfigurableApplicationContext server, String path) {
        return URI.create(
                "http://127.0.0.1:" + server.getEnvironment().getProperty("local.server.port") + "/actuator/" + path);
    }

    private static Registration registration(ConfigurableApplicationContext server) {
        return server.getBean(ServerLifecycle.class).registration().orElseThrow();
    }

    private HealthGrpc.HealthBlockingStub health(ConfigurableApplicationContext server) {
        ManagedChannel channel = NettyChannelBuilder.forAddress(
                        "127.0.0.1", registration(server).endpoint().port())
                .usePlaintext()
                .build();
        AutoCloseable closing = channel::shutdownNow;
        opened.add(closing);
        return HealthGrpc.newBlockingStub(channel);
    }

    private ConfigurableApplicationContext start(Web web, String id, String... properties) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "spring.application.name", "greeter",
                "spring.docker.compose.enabled", "false",
                "server.port", "0",
                "server.address", "127.0.0.1",
                "management.endpoints.web.exposure.include", "grpclb",
                "grpc.server.port", "0",
                "grpc.server.address", "127.0.0.1",
                "grpc.client.GLOBAL.negotiation-type", "plaintext",
                "grpc.lb.etcd.endpoints", etcd.endpoint(),
                "grpc.lb.registration.id", id));
        all.put("grpc.lb.registration.drain.quiet-period", "0");
        for (String property : properties) {
            all.put(property.substring(0, property.indexOf('=')), property.substring(property.indexOf('=') + 1));
        }
        ConfigurableApplicationContext server = opened.add(new SpringApplicationBuilder(Application.class)
                .web(web.type)
                .bannerMode(Banner.Mode.OFF)
                .properties(all)
                .registerShutdownHook(false)
                .run());
        await().until(() -> registration(server).registered().isDone());
        return server;
    }

    /** Calls a server as a client does that has not heard that it drains. */
    private static final class CallsAtAddress implements AutoCloseable {

        private final ManagedChannel channel;

        CallsAtAddress(int port) {
            this.channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .build();
        }

        void call() {
            TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady());
        }

        @Override
        public void close() {
            channel.shutdownNow();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Who.class, Caller.class})
    static class Application {}

    @GrpcService
    static class Who implements BindableService {

        private final String id;

        Who(@Value("${grpc.lb.registration.id}") String id) {
            this.id = id;
        }

        @Override
        public ServerServiceDefinition bindService() {
            return TestServer.who(id);
        }
    }

    static class Caller {

        @GrpcClient("greeter")
        private Channel greeter;

        Set<String> answers() {
            Set<String> answers = new HashSet<>();
            for (int i = 0; i < 4; i++) {
                answers.add(TestServer.ask(greeter, CallOptions.DEFAULT.withWaitForReady()));
            }
            return answers;
        }
    }
}
