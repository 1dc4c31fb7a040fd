package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.context.support.GenericApplicationContext;

class GrpcVersionCheckTest {

    @Test
    void acceptsOneVersion() {
        assertThatCode(() -> new GrpcVersionCheck().initialize(new GenericApplicationContext()))
                .doesNotThrowAnyException();
    }

    @Test
    void namesTheArtifactsAndTheCureForAMixture() {
        FailureAnalysis analysis = analysisOf(Map.of("grpc-api", "1.84.1", "grpc-core", "1.63.0"));
        assertThat(analysis.getDescription()).contains("grpc-api=1.84.1", "grpc-core=1.63.0");
        assertThat(analysis.getAction()).contains("io.grpc:grpc-bom:1.84.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.63.0", "1.76.1", "1.79.0", "0.99.0", "1.9.1"})
    void namesTheOldestUsableVersionForOneThatIsTooOld(String version) {
        FailureAnalysis analysis = analysisOf(Map.of("grpc-api", version, "grpc-core", version));
        assertThat(analysis.getDescription()).contains("grpc-java " + version, "1.80.0 or newer");
        assertThat(analysis.getAction()).contains("io.grpc:grpc-bom:1.84.1", "grpc-java.version");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.80.0", "1.84.1", "1.100.0", "2.0.0", "1.86.0-SNAPSHOT", "unknown"})
    void acceptsWhatIsNewEnoughOrCannotBeJudged(String version) {
        assertThatCode(() -> GrpcVersionCheck.requireUsable(Map.of("grpc-api", version)))
                .doesNotThrowAnyException();
    }

    @Test
    void recommendsWhatIsBuiltWith() throws IOException {
        assertThat(Files.readString(Repository.file("pom.xml")))
                .contains("<grpc.version>" + GrpcVersionCheck.RECOMMENDED + "</grpc.version>");
    }

    private static FailureAnalysis analysisOf(Map<String, String> versions) {
        return new GrpcVersionFailureAnalyzer()
                .analyze(catchThrowableOfType(
                        GrpcVersionException.class, () -> GrpcVersionCheck.requireUsable(versions)));
    }
}
