package io.github.grpclb.actuate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.Explainer;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.load.LoadObservation;
import io.github.grpclb.timeline.Timeline;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Shows what the sections look like as JSON. */
class SectionsTest {

    private final JsonMapper json = new JsonMapper();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);

    @Test
    void explainsInItsForm() {
        LiveEndpoints live = new LiveEndpoints();
        EndpointLoads loads = new EndpointLoads();
        Timeline timeline = new Timeline();
        Endpoint server = Endpoint.builder("greeter", "127.0.0.1", 1)
                .id("<script>alert(1)</script>")
                .zone("z1")
                .version("v1")
                .startedAt(1_700_000_000_000L)
                .metadata(Map.of("team", "\"a\""))
                .key("/services/greeter/x")
                .createRevision(7)
                .build();
        ManagedChannelBuilder<?> builder =
                Grpc.newChannelBuilder("etcd:///greeter", InsecureChannelCredentials.create());
        ChannelSetup.of(new StaticEndpointSource(Map.of("greeter", List.of(server))))
                .live(live)
                .loads(loads)
                .timeline(timeline)
                .build()
                .prepare(builder, "front");
        ManagedChannel channel = builder.build();
        try {
            ExplainSection section =
                    new ExplainSection(new Explainer(live, new LoadObservation(loads)), new Reachable());
            JsonNode idle = json.valueToTree(section.read(SectionQuery.ALL)).at("/channels/0");
            assertThat(idle.get("state").asString()).isEqualTo("IDLE");
            assertThat(idle.get("policy").isNull()).isTrue();
            channel.getState(true);
            await().until(() -> !live.channels().isEmpty());
            JsonNode answer = json.valueToTree(section.read(SectionQuery.ALL));
            assertThat(answer.propertyNames()).containsExactly("version", "now", "registry", "channels");
            assertThat(answer.get("version").asInt()).isEqualTo(1);
            assertThat(Instant.parse(answer.get("now").asString()))
                    .isCloseTo(Instant.now(), within(1, ChronoUnit.MINUTES));
            assertThat(answer.get("registry").toString()).isEqualTo("{\"reachable\":true,\"answerAgeMillis\":120}");
            JsonNode explained = answer.at("/channels/0");
            assertThat(explained.propertyNames())
                    .containsExactly(
                            "client",
                            "service",
                            "policy",
                            "state",
                            "reason",
                            "listAgeMillis",
                            "panicking",
                            "counts",
                            "unused",
                            "total",
                            "found",
                            "endpoints");
            assertThat(explained.get("unused").toString()).isEqualTo("{\"total\":0,\"records\":[]}");
            JsonNode first = explained.at("/endpoints/0");
            assertThat(first.propertyNames())
                    .containsExactly(
                            "address",
                            "id",
                            "zone",
                            "version",
                            "state",
                            "takesCalls",
                            "why",
                            "verdicts",
                            "weight",
                            "share",
                            "calls",
                            "connectedMillis",
                            "key",
                            "createRevision",
                            "startedAt",
                            "metadata");
            assertThat(first.get("id").asString()).isEqualTo("<script>alert(1)</script>");
            assertThat(first.at("/verdicts/0").toString())
                    .isEqualTo("{\"step\":\"drain\",\"passes\":true,\"reason\":\"OK\",\"detail\":null}");
            assertThat(first.get("weight").toString())
                    .isEqualTo(
                            "{\"registered\":1.0,\"override\":null,\"slowStart\":null,\"reported\":null,\"effective\":1.0}");
            assertThat(first.get("share").propertyNames())
                    .containsExactly("expected", "observed", "observedCalls", "observedSeconds");
            assertThat(first.get("calls").toString())
                    .isEqualTo("{\"inFlight\":0,\"successes\":0,\"failures\":0,\"cancellations\":0,"
                            + "\"p50Millis\":null,\"p99Millis\":null,\"failuresByCode\":{}}");
            assertThat(first.at("/metadata/team").asString()).isEqualTo("\"a\"");
            assertThat(timeline.since(0)).first().satisfies(event -> assertThat(event.kind())
                    .isEqualTo(Timeline.Kind.JOINED));
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void tellsTheTimelineInItsForm() {
        Timeline timeline = new Timeline(nanos::get);
        TimelineSection section = new TimelineSection(timeline);
        assertThat(json.valueToTree(section.read(SectionQuery.ALL)).toString())
                .isEqualTo("{\"version\":1,\"last\":0,\"events\":[]}");
        timeline.add(Timeline.Kind.POLICY, "greeter", null, null, "<b>");
        timeline.add(Timeline.Kind.POLICY, "other", null, null, "another");
        timeline.add(Timeline.Kind.REGISTRY_AWAY, null, null, null, "away");
        nanos.addAndGet(Duration.ofSeconds(90).toNanos());
        JsonNode answer = json.valueToTree(section.read(query(0, "greeter")));
        assertThat(answer.get("last").asLong()).isEqualTo(3);
        assertThat(answer.get("events")).hasSize(2);
        JsonNode event = answer.at("/events/0");
        assertThat(event.propertyNames()).containsExactly("number", "at", "service", "address", "id", "kind", "cause");
        assertThat(event.get("kind").asString()).isEqualTo("POLICY");
        assertThat(event.get("cause").asString()).isEqualTo("<b>");
        assertThat(Instant.parse(event.get("at").asString()))
                .isCloseTo(Instant.now().minusSeconds(90), within(1, ChronoUnit.MINUTES));
        assertThat(json.valueToTree(section.read(query(2, null))).get("events")).hasSize(1);
    }

    private static SectionQuery query(long since, @Nullable String service) {
        return new SectionQuery(service, null, null, null, 0, 100, since, null, null);
    }

    private record Reachable() implements RegistryStatus {

        @Override
        public String name() {
            return "etcd";
        }

        @Override
        public @Nullable String unreachableBecause() {
            return null;
        }

        @Override
        public @Nullable String refusedBecause() {
            return null;
        }

        @Override
        public Duration sinceLastAnswer() {
            return Duration.ofMillis(120);
        }
    }
}
