package io.github.grpclb.autoconfigure;

/** grpc-java's artifacts are on the class path in versions that do not work, with one another or with grpc-lb. */
final class GrpcVersionException extends RuntimeException {

    GrpcVersionException(String found) {
        super(found);
    }
}
