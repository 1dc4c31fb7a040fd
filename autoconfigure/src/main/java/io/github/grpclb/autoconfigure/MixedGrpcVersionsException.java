package io.github.grpclb.autoconfigure;

import java.util.Map;

/** grpc-java's artifacts are on the class path in several versions, which do not work together. */
final class MixedGrpcVersionsException extends RuntimeException {

    MixedGrpcVersionsException(Map<String, String> versions) {
        super("grpc-java is on the class path in several versions: " + versions);
    }
}
