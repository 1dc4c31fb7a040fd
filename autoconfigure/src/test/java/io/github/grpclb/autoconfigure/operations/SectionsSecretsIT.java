package io.github.grpclb.autoconfigure.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Etcdctl;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.SelfSigned;
import io.github.grpclb.testing.TestServer;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.server.service.GrpcService;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * Secrets that must be seen nowhere in what the endpoint tells and does, over HTTP, in each of its sections: etcd's password, where keys are
 * and what opens them, tokens, headers of calls. Of an etcd with authentication and TLS: while it answers, while it refuses, while it is
 * away.
 */
@FaultRow({18, 49})
@ExtendWith(OutputCaptureExtension.class)
class SectionsSecretsIT {

    private static final String CANARY = "canary-s3cret";
    private static final String BUNDLE = "spring.ssl.bundle.pem.etcd.";
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** Each with what makes it tell as much as it can. */
    private static final Map<String, String> ASKED = Map.of(
            "consumers", "?service=greeter",
            "drain", "",
            "explain", "?service=greeter",
            "overrides", "",
            "pre-stop", "",
            "predict", "?service=greeter&call=header.x-version=v2,serverId=a&change=weight.a=0",
            "records", "?service=greeter",
            "services", "",
            "timeline", "",
            "ui", "");

    @TempDir
    Path directory;

    @AutoClose
    private final Opened opened = new Opened();

    private final HttpClient http = HttpClient.newHttpClient();
    private SelfSigned ofEtcd;
    private SelfSigned own;
    private EtcdProcess etcd;

    @BeforeEach
    void startEtcd() throws Exception {
        ofEtcd = SelfSigned.create(directory, "etcd", "san=ip:127.0.0.1");
        own = SelfSigned.create(Files.createDirectory(directory.resolve(CANARY)), "own", "san=ip:127.0.0.1");
        etcd = opened.add(
                EtcdServers.startProcess("--cert-file=" + ofEtcd.certificate(), "--key-file=" + ofEtcd.key()));
        new Etcdctl(etcd.endpoint())
                .shell("export ETCDCTL_CACERT=" + ofEtcd.certificate() + "; etcdctl user add root:root;"
                        + " etcdctl user grant-role root root; etcdctl user add svc:" + CANARY
                        + "; etcdctl user grant-role svc root; etcdctl auth enable");
    }

    @Test
    void areInNoSectionWhileEtcdAnswersNorWhileItIsAway(CapturedOutput output) throws Exception {
        ConfigurableApplicationContext application = start(CANARY);
        await().until(() -> application
                .getBean(ServerLifecycle.class)
                .registration()
                .orElseThrow()
                .registered()
                .isDone());
        application.getBean(Caller.class).askWithSecrets();
        assertThat(
                        send(
                                application,
                                "POST",
                                "grpclb/overrides",
                                "{\"service\":\"greeter\",\"server\":\"a\",\"weight\":3,\"duration\":\"10m\",\"author\":\"ann\",\"reason\":\"a trial\"}"))
                .contains("a trial");
        await().untilAsserted(() ->
                assertThat(sections(application)).contains("a trial", "127.0.0.1", "round_robin", "fronts"));
        assertThat(send(application, "POST", "grpclb/drain", "")).contains("\"draining\":true");
        assertThat(send(application, "DELETE", "grpclb/drain", null)).contains("NONE");
        assertThat(send(application, "DELETE", "grpclb/overrides?service=greeter&name=server-a", null))
                .doesNotContain(CANARY);

        etcd.close();
        await().untilAsserted(() -> assertThat(sections(application)).contains("etcd unreachable"));
        assertThat(send(application, "DELETE", "grpclb/overrides?service=greeter&name=server-a", null))
                .contains("etcd unreachable");
        application.close();
        assertThat(output).contains("etcd unreachable").doesNotContain(CANARY);
    }

    @Test
    void areInNoSectionWhileEtcdRefuses(CapturedOutput output) throws Exception {
        ConfigurableApplicationContext application = start("wrong-" + CANARY);
        await().untilAsserted(() -> assertThat(sections(application)).contains("authentication failed"));
        assertThat(
                        send(
                                application,
                                "POST",
                                "grpclb/overrides",
                                "{\"service\":\"greeter\",\"all\":true,\"weight\":3,\"duration\":\"10m\",\"author\":\"ann\",\"reason\":\"a trial\"}"))
                .contains("authentication failed");
        application.close();
        assertThat(output).contains("authentication failed").doesNotContain(CANARY);
    }

    /** Reads the endpoint itself, each section that it has, and the page's files. */
    private String sections(ConfigurableApplicationContext application) throws Exception {
        List<String> names =
                JsonParser.parseString(send(application, "GET", "grpclb/sections", null))
                        .getAsJsonArray()
                        .asList()
                        .stream()
                        .map(each -> each.getAsString())
                        .toList();
        assertThat(names).as("those that this asks for").containsExactlyInAnyOrderElementsOf(ASKED.keySet());
        StringBuilder all = new StringBuilder(send(application, "GET", "grpclb", null));
        for (String name : names) {
            if (!name.equals("pre-stop")) { // it drains
                all.append(send(application, "GET", "grpclb/" + name + ASKED.get(name), null));
            }
        }
        for (String file : List.of("index.html", "page.js", "page.css", "icon.svg")) {
            all.append(send(application, "GET", "grpclb/ui/" + file, null));
        }
        return all.toString();
    }

    /** Returns the answer's headers and body. */
    private String send(ConfigurableApplicationContext application, String method, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                        + application.getEnvironment().getProperty("local.server.port") + "/actuator/" + path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .setHeader("Content-Type", "application/json")
                .setHeader("Authorization", "Bearer " + CANARY)
                .build();
        var answer = http.send(request, BodyHandlers.ofString());
        assertThat(answer.headers().map().toString()).doesNotContain(CANARY);
        assertThat(answer.body()).as(path).doesNotContain(CANARY);
        return answer.body();
    }

    private ConfigurableApplicationContext start(String password) {
        Map<String, Object> all = new HashMap<>();
        all.put("spring.application.name", "fronts");
        all.put("spring.docker.compose.enabled", "false");
        all.put("server.port", "0");
        all.put("server.address", "127.0.0.1");
        all.put("management.endpoints.web.exposure.include", "grpclb");
        all.put("grpc.server.port", "0");
        all.put("grpc.server.address", "127.0.0.1");
        all.put("grpc.client.GLOBAL.negotiation-type", "plaintext");
        all.put("grpc.lb.etcd.endpoints", etcd.endpoint());
        all.put("grpc.lb.etcd.username", "svc");
        all.put("grpc.lb.etcd.password", password);
        all.put("grpc.lb.etcd.ssl.bundle", "etcd");
        all.put("grpc.lb.xds.token", CANARY);
        all.put("grpc.lb.registration.service", "greeter");
        all.put("grpc.lb.registration.id", "a");
        all.put("grpc.lb.registration.drain.quiet-period", "0");
        all.put("grpc.lb.operations.enabled", "true");
        all.put("grpc.lb.operations.pre-stop", "true");
        all.put("grpc.lb.consumers.enabled", "true");
        all.put(BUNDLE + "truststore.certificate", ofEtcd.certificate().toString());
        all.put(BUNDLE + "keystore.certificate", own.certificate().toString());
        all.put(BUNDLE + "keystore.private-key", own.key().toString());
        all.put(BUNDLE + "keystore.private-key-password", CANARY);
        all.put("logging.level.io.github.grpclb", "trace");
        return opened.add(new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.SERVLET)
                .bannerMode(Banner.Mode.OFF)
                .properties(all)
                .registerShutdownHook(false)
                .run());
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Who.class, Caller.class})
    static class Application {}

    @GrpcService
    static class Who implements BindableService {

        @Override
        public ServerServiceDefinition bindService() {
            return TestServer.who("a");
        }
    }

    static class Caller {

        @GrpcClient("greeter")
        private Channel greeter;

        void askWithSecrets() {
            Metadata headers = new Metadata();
            headers.put(AUTHORIZATION, "Bearer " + CANARY);
            Channel channel = ClientInterceptors.intercept(greeter, MetadataUtils.newAttachHeadersInterceptor(headers));
            TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady());
        }
    }
}
