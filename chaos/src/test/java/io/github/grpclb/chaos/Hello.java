package io.github.grpclb.chaos;

import io.github.grpclb.sample.HelloReply;
import io.github.grpclb.sample.HelloRequest;
import io.github.grpclb.sample.HelloServiceGrpc;
import io.grpc.stub.StreamObserver;

/** Greets whoever calls a server within this JVM. */
final class Hello extends HelloServiceGrpc.HelloServiceImplBase {

    @Override
    public void say(HelloRequest request, StreamObserver<HelloReply> response) {
        response.onNext(HelloReply.newBuilder()
                .setValue("hello " + request.getName() + " from here")
                .build());
        response.onCompleted();
    }
}
