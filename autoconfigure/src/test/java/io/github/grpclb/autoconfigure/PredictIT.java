package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.actuate.PredictSection;
import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.dryrun.Prediction;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.Opened;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.context.ConfigurableApplicationContext;

/** An application tells where its calls would go. */
class PredictIT {

    @AutoClose
    private final Opened opened = new Opened();

    @Test
    void predictsWhatAChangeWouldDo() {
        EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
        String endpoints = "grpc.lb.etcd.endpoints=" + etcd.endpoint();
        opened.add(server(endpoints, "grpc.lb.registration.id=a", "grpc.lb.registration.weight=3"));
        opened.add(server(endpoints, "grpc.lb.registration.id=b"));
        ConfigurableApplicationContext client = opened.add(client(
                endpoints,
                "grpc.lb.policy=weighted_round_robin",
                "grpc.lb.consistent-hash.no-key=fail",
                "spring.jmx.enabled=true",
                "management.endpoints.jmx.exposure.include=grpclb"));
        Caller caller = client.getBean(Caller.class);
        caller.ask();
        GrpcLbEndpoint endpoint = client.getBean(GrpcLbEndpoint.class);
        await().untilAsserted(
                        () -> assertThat(endpoint.describe().clients().get(0).endpoints())
                                .hasSize(2)
                                .allMatch(server -> server.state() == EndpointState.READY));

        PredictSection.Answer answer = predict(endpoint, null, "weight.a=1");
        assertThat(answer.service()).isEqualTo("greeter");
        assertThat(answer.client()).isEqualTo("greeter");
        assertThat(answer.policy()).isEqualTo("weighted_round_robin");
        assertThat(share(answer.before(), "a")).isEqualTo(0.75);
        assertThat(share(answer.after(), "a")).isEqualTo(0.5);
        assertThat(answer.reason()).isNull();

        assertThat(share(predict(endpoint, "serverId=b", null).before(), "b")).isEqualTo(1);
        assertThat(predict(endpoint, null, "policy=consistent_hash").reason())
                .as("with the options that are configured for it")
                .startsWith("consistent_hash: the call has no hash key");
        assertThat(endpoint.section("predict", "greeter", null, null, null, null, null, null, null, "disable.c="))
                .isInstanceOfSatisfying(WebEndpointResponse.class, refused -> {
                    assertThat(refused.getStatus()).isEqualTo(400);
                    assertThat(String.valueOf(refused.getBody()))
                            .contains("disable: 'c' (expected: the id or the address of a server, one of [");
                });
    }

    private static PredictSection.Answer predict(
            GrpcLbEndpoint endpoint, @Nullable String call, @Nullable String change) {
        return (PredictSection.Answer) Objects.requireNonNull(
                endpoint.section("predict", "greeter", null, null, null, null, null, null, call, change));
    }

    private static double share(@Nullable List<Prediction.Share> shares, String id) {
        return Objects.requireNonNull(shares).stream()
                .filter(share -> id.equals(share.id()))
                .mapToDouble(Prediction.Share::share)
                .sum();
    }
}
