package io.github.grpclb.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says how to get all of grpc-java at one version. */
final class GrpcVersionFailureAnalyzer extends AbstractFailureAnalyzer<GrpcVersionException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, GrpcVersionException cause) {
        return new FailureAnalysis(
                cause.getMessage(),
                "Import io.grpc:grpc-bom:" + GrpcVersionCheck.RECOMMENDED
                        + " in your build's dependency management, before other"
                        + " boms, so that all of grpc-java has one version. With Spring Boot's parent or plugin, setting its property"
                        + " grpc-java.version does the same where Boot manages grpc-java.",
                cause);
    }
}
