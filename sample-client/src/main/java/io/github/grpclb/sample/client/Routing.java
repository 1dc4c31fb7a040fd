package io.github.grpclb.sample.client;

import io.github.grpclb.policy.RoutingKeys;
import io.grpc.Metadata;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;

/** Gives a call what it is routed by. */
final class Routing implements Greeter.Preparation {

    private final Options options;

    Routing(Options options) {
        this.options = options;
    }

    @Override
    public <S extends AbstractStub<S>> S prepare(S stub, long number) {
        S routed =
                options.serverId().map(id -> RoutingKeys.withServerId(stub, id)).orElse(stub);
        Metadata headers = new Metadata();
        options.header().ifPresent(header -> put(headers, header.getKey(), header.getValue()));
        options.hashHeader().ifPresent(name -> put(headers, name, "user" + number % options.users()));
        return headers.keys().isEmpty()
                ? routed
                : routed.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private static void put(Metadata headers, String name, String value) {
        headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    }
}
