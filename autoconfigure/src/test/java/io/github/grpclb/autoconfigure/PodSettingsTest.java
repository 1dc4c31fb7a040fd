package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.testing.FaultRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What a pod is told of itself. */
@ExtendWith(OutputCaptureExtension.class)
class PodSettingsTest {

    private static final String LABELS = """
            app.kubernetes.io/name="greeter"
            pod-template-hash="6b7f"
            topology.kubernetes.io/region="eu-1"
            topology.kubernetes.io/zone="eu-1a"
            """;

    private final Map<String, String> variables = new HashMap<>();

    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("labels");
    }

    private PodSettings settings() {
        return new PodSettings(variables::get, file().toString());
    }

    private Optional<String> zone() {
        return settings().zone().map(PodSettings.Said::value);
    }

    @Test
    void saysNothingWhereNothingIsSaid(CapturedOutput output) {
        variables.put("POD_NAME", " ");
        variables.put("TOPOLOGY_ZONE", "");
        PodSettings usual = new PodSettings(variables::get, "/etc/podinfo/labels");
        assertThat(usual.name()).isEmpty();
        assertThat(usual.zone()).isEmpty();
        assertThat(output).doesNotContain("labels");
    }

    @Test
    void readsTheZoneFromTheVariableBeforeTheFile() throws IOException {
        Files.writeString(file(), LABELS);
        assertThat(settings().zone())
                .contains(new PodSettings.Said("eu-1a", "label topology.kubernetes.io/zone in " + file()));
        variables.put("TOPOLOGY_ZONE", "eu-1b ");
        assertThat(settings().zone()).contains(new PodSettings.Said("eu-1b", "environment variable TOPOLOGY_ZONE"));
        variables.put("TOPOLOGY_ZONE", " "); // what a field that is not there leaves
        assertThat(zone()).contains("eu-1a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "app=\"greeter\"",
                "topology.kubernetes.io/zone=\"\"",
                "x.topology.kubernetes.io/zone=\"z\"",
                "topology.kubernetes.io/zones=\"z\"",
                "note=\"topology.kubernetes.io/zone=z\""
            })
    void aPodWithoutTheLabelHasNoZone(String labels) throws IOException {
        Files.writeString(file(), labels);
        assertThat(zone()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "topology.kubernetes.io/zone=eu-1a",
                "topology.kubernetes.io/zone=\"a b\"",
                "topology.kubernetes.io/zone=\"-a\"",
                "topology.kubernetes.io/zone=\"eu-1a",
                "topology.kubernetes.io/zone=\"a\\n\""
            })
    @FaultRow(49)
    void refusesALabelThatCannotBeOne(String line) throws IOException {
        Files.writeString(file(), "a=\"b\"\n" + line + "\n");
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(this::zone)
                .withMessageStartingWith("grpc.lb.pod-labels-file: " + line + " (expected: ")
                .withMessageContaining(file().toString());
    }

    @Test
    void saysWhatIsWrongWithAFileThatWasAskedFor(CapturedOutput output) {
        assertThat(zone()).isEmpty();
        assertThat(output).contains("grpc.lb.pod-labels-file: there is no file " + file());
        assertThat(new PodSettings(variables::get, folder.toString()).zone()).isEmpty();
        assertThat(output).contains(folder + " cannot be read");
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> new PodSettings(variables::get, "a\0b").zone())
                .withMessageStartingWith("grpc.lb.pod-labels-file: ");
    }

    @Test
    void readsTheFileOnce() throws IOException {
        Files.writeString(file(), LABELS);
        PodSettings settings = settings();
        assertThat(settings.zone()).isPresent();
        Files.delete(file());
        assertThat(settings.zone()).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"greeter-0", "greeter-6b7f-x2z", "a.b-c", "7"})
    void takesAPodsName(String name) {
        variables.put("POD_NAME", name);
        assertThat(settings().name()).contains(new PodSettings.Said(name, "environment variable POD_NAME"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"$(POD_NAME)", "Greeter", "a_b", "-a", "a-", "a b", "fieldRef: metadata.name"})
    @FaultRow(49)
    void refusesWhatNoPodIsCalled(String name) {
        variables.put("POD_NAME", name);
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> settings().name())
                .withMessageStartingWith("POD_NAME: " + name + " (expected: the name of this pod");
    }

    @Test
    void aNameIsAsLongAsKubernetesAllows() {
        variables.put("POD_NAME", "a".repeat(253));
        assertThat(settings().name()).isPresent();
        variables.put("POD_NAME", "a".repeat(254));
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> settings().name());
    }
}
