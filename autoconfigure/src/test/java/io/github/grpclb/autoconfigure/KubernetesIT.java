package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.grpclb.actuate.RegistryHealth;
import io.github.grpclb.actuate.SectionQuery;
import io.github.grpclb.actuate.ServicesSection;
import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** An application whose registry is Kubernetes calls the pods of a Service, and has no etcd. */
class KubernetesIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final Set<String> asked = ConcurrentHashMap.newKeySet();
    private String slices;
    private HttpServer api;

    /** Enough of an API server: one list, and watches in which nothing happens. */
    @BeforeEach
    void startApiServer() throws IOException {
        TestServer pod = opened.add(TestServer.start("greeter-0"));
        slices = """
                {"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "metadata": {"resourceVersion": "7"}, "items": [
                  {"metadata": {"name": "greeter-x", "labels": {"kubernetes.io/service-name": "greeter"}}, "addressType": "IPv4",
                   "ports": [{"name": "grpc", "protocol": "TCP", "port": %d}],
                   "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": true},
                                  "targetRef": {"kind": "Pod", "name": "greeter-0"}}]}]}
                """.formatted(pod.port());
        api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        ExecutorService threads = Executors.newCachedThreadPool();
        opened.add(threads::shutdownNow);
        api.setExecutor(threads);
        api.createContext("/", this::answer);
        api.start();
        opened.add(() -> api.stop(0));
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.add(exchange.getRequestURI().getPath());
        boolean watch = exchange.getRequestURI().getQuery().contains("watch=true");
        byte[] body = slices.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, watch ? 0 : body.length);
        if (!watch) {
            exchange.getResponseBody().write(body);
            exchange.close();
        }
    }

    private ConfigurableApplicationContext client(String service) {
        return opened.add(TestApplications.client(
                "grpc.lb.registry=kubernetes",
                "spring.jmx.enabled=true",
                "management.endpoints.jmx.exposure.include=grpclb",
                "grpc.lb.kubernetes.api-server=http://127.0.0.1:"
                        + api.getAddress().getPort(),
                "grpc.lb.clients.greeter.service=" + service));
    }

    @Test
    void callsThePodsOfAService() {
        ConfigurableApplicationContext context = client("greeter.shop:grpc");
        assertThat(context.getBean(Caller.class).ask()).isEqualTo("greeter-0");
        assertThat(asked).containsExactly("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices");
        assertThat(context.containsBean("grpcLbEtcdConnection")).isFalse();
    }

    @Test
    void aServiceWithoutANamespaceIsInTheDefaultOne() {
        assertThat(client("greeter").getBean(Caller.class).ask()).isEqualTo("greeter-0");
        assertThat(asked).containsExactly("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices");
    }

    @Test
    void theServicesOfTheNamespaceAreTold() {
        ConfigurableApplicationContext context = client("greeter");
        Object told = context.getBean(ServicesSection.class).read(SectionQuery.ALL);
        assertThat(told)
                .isInstanceOfSatisfying(ServicesSection.Services.class, services -> assertThat(services.services())
                        .containsExactly(new ServicesSection.Service("greeter", 1)));
        assertThat(asked).containsExactly("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices");
    }

    @Test
    void healthSaysWhetherTheApiServerAnswers() {
        ConfigurableApplicationContext context = client("greeter");
        assertThat(context.getBean(Caller.class).ask()).isEqualTo("greeter-0");
        RegistryStatus status = context.getBean(RegistryStatus.class);
        assertThat(RegistryHealth.of(status, null, null).details()).containsKey("kubernetes");
        api.stop(0);
        await().untilAsserted(() -> assertThat(status.unreachableBecause()).isNotNull());
        assertThat(context.getBean(Caller.class).ask()).isEqualTo("greeter-0");
    }
}
