package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.CallOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What a pod's environment makes of its servers and clients. */
@ExtendWith(OutputCaptureExtension.class)
class PodIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void aServerIsFoundByThePodsName(CapturedOutput output) {
        opened.add(server(at, "POD_NAME=greeter-0", "TOPOLOGY_ZONE=eu-1a", "logging.level.io.github.grpclb=info"));
        opened.add(server(at, "POD_NAME=greeter-1", "grpc.lb.registration.id=own"));
        await().untilAsserted(() -> assertThat(operator.all().values())
                .anySatisfy(it -> assertThat(it).contains("\"id\":\"greeter-0\"", "\"zone\":\"eu-1a\""))
                .anySatisfy(it -> assertThat(it).contains("\"id\":\"own\"").doesNotContain("zone", "greeter-1")));
        assertThat(output)
                .contains("Id of greeter: greeter-0 (environment variable POD_NAME)")
                .contains("Zone of greeter: eu-1a (environment variable TOPOLOGY_ZONE)");
        Caller caller = opened.add(client(at)).getBean(Caller.class);
        for (int i = 0; i < 3; i++) { // the other one would answer with its id
            assertThat(caller.ask(named("greeter-0"))).isEqualTo("none");
        }
    }

    @Test
    void serverAndClientTakeTheZoneFromTheLabels(@TempDir Path folder) throws IOException {
        Path labels = folder.resolve("labels");
        Files.writeString(labels, "app=\"greeter\"\ntopology.kubernetes.io/zone=\"eu-1a\"\n");
        String file = "grpc.lb.pod-labels-file=" + labels;
        opened.add(server(at, file, "grpc.lb.registration.id=here"));
        opened.add(server(at, file, "grpc.lb.registration.id=there", "grpc.lb.registration.zone=eu-1b"));
        await().untilAsserted(() -> assertThat(operator.all().values())
                .anySatisfy(it -> assertThat(it).contains("\"id\":\"here\"", "\"zone\":\"eu-1a\""))
                .anySatisfy(it -> assertThat(it).contains("\"id\":\"there\"", "\"zone\":\"eu-1b\"")));
        assertThat(answers(file)).as("nobody asked for zones").containsExactlyInAnyOrder("here", "there");
        assertThat(answers(file, "grpc.lb.zone.enabled=true")).containsExactly("here");
        assertThat(answers(file, "grpc.lb.zone.enabled=true", "TOPOLOGY_ZONE=eu-1b"))
                .containsExactly("there");
    }

    @Test
    @FaultRow(49)
    void aPodsNameThatIsNoneEndsTheStart(CapturedOutput output) {
        assertThatThrownBy(() -> server(at, "POD_NAME=$(POD_NAME)")).isNotNull();
        assertThat(output).contains("APPLICATION FAILED TO START", "Property: POD_NAME", "Value: \"$(POD_NAME)\"");
        assertThat(operator.all()).isEmpty();
    }

    private static CallOptions named(String id) {
        return CallOptions.DEFAULT.withWaitForReady().withOption(RoutingKeys.SERVER_ID, id);
    }

    /** Returns who answers, once the client is connected to both. */
    private Set<String> answers(String... properties) {
        String[] all = new String[properties.length + 1];
        all[0] = at;
        System.arraycopy(properties, 0, all, 1, properties.length);
        Set<String> answered = new HashSet<>();
        try (var client = client(all)) {
            Caller caller = client.getBean(Caller.class);
            for (String id : new String[] {"here", "there"}) {
                caller.ask(named(id));
            }
            for (int i = 0; i < 20; i++) {
                answered.add(caller.ask());
            }
        }
        return answered;
    }
}
