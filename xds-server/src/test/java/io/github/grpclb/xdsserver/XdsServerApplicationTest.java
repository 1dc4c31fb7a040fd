package io.github.grpclb.xdsserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.autoconfigure.xds.XdsLifecycle;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

class XdsServerApplicationTest {

    @Test
    void takesItsOptionsAndAnyProperty() {
        assertThat(XdsServerApplication.unknownOption(
                        "--etcd=http://127.0.0.1:2379",
                        "--port=1",
                        "--address=0.0.0.0",
                        "--http-port=2",
                        "--debug",
                        "--grpc.lb.xds.policy=least_request"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--prt=18000", "port=18000", "18000", "--Port=1"})
    void namesAnOptionThatItDoesNotKnow(String option) {
        assertThat(XdsServerApplication.unknownOption("--port=1", option)).contains(option);
    }

    @Test
    void listensAndShowsItsMeters() throws Exception {
        try (ConfigurableApplicationContext context =
                SpringApplication.run(XdsServerApplication.class, "--port=0", "--http-port=0")) {
            assertThat(context.getBean(XdsLifecycle.class).port()).isPositive();
            String http = "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port");
            assertThat(get(http + "/actuator/prometheus")).contains("grpc_lb_xds_streams 0.0");
            assertThat(get(http + "/actuator/grpclb")).contains("\"controlPlane\":{\"port\":");
            assertThat(get(http + "/actuator/health")).contains("\"xdsStreams\":0");
        }
    }

    private static String get(String url) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
