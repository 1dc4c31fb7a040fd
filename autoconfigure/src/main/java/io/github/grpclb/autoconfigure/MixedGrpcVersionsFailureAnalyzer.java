package io.github.grpclb.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says how to get all of grpc-java at one version. */
final class MixedGrpcVersionsFailureAnalyzer extends AbstractFailureAnalyzer<MixedGrpcVersionsException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, MixedGrpcVersionsException cause) {
        return new FailureAnalysis(
                cause.getMessage(),
                "Import io.grpc:grpc-bom in your build's dependency management, before other boms, so that all of grpc-java has"
                        + " one version.",
                cause);
    }
}
