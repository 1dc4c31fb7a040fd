package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.context.support.GenericApplicationContext;

class GrpcVersionCheckTest {

    @Test
    void acceptsOneVersion() {
        assertThatCode(() -> new GrpcVersionCheck().initialize(new GenericApplicationContext()))
                .doesNotThrowAnyException();
    }

    @Test
    void namesTheArtifactsAndTheCureForAMixture() {
        MixedGrpcVersionsException mixed = catchThrowableOfType(
                MixedGrpcVersionsException.class,
                () -> GrpcVersionCheck.requireOne(Map.of("grpc-api", "1.84.1", "grpc-core", "1.63.0")));
        var analysis = new MixedGrpcVersionsFailureAnalyzer().analyze(mixed);
        assertThat(analysis.getDescription()).contains("grpc-api=1.84.1", "grpc-core=1.63.0");
        assertThat(analysis.getAction()).contains("io.grpc:grpc-bom");
    }
}
