package io.github.grpclb.sample.server;

import io.github.grpclb.sample.HelloReply;
import io.github.grpclb.sample.HelloRequest;
import io.github.grpclb.sample.HelloServiceGrpc;
import io.grpc.stub.StreamObserver;
import net.devh.boot.grpc.server.service.GrpcService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;

/** Greets whoever calls and signs with the id that this server is registered under. */
@GrpcService
class HelloService extends HelloServiceGrpc.HelloServiceImplBase {

    private static final Logger log = LoggerFactory.getLogger(HelloService.class);

    private final String id;

    HelloService(@Value("${grpc.lb.registration.id}") String id) {
        this.id = id;
    }

    @Override
    public void say(HelloRequest request, StreamObserver<HelloReply> reply) {
        log.info("receive:{}", request.getName());
        reply.onNext(HelloReply.newBuilder()
                .setCode(200)
                .setValue("hello " + request.getName() + " from " + id)
                .build());
        reply.onCompleted();
    }
}
