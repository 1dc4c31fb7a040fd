package io.github.grpclb.xds.ads;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Has a request that cannot be read arrive as null, so that the service ends that stream and says why. gRPC would log a stack trace for
 * each, and end the stream with a status that says nothing.
 */
final class UnreadableRequests {

    private UnreadableRequests() {}

    static ServerServiceDefinition asNull(ServerServiceDefinition service) {
        List<? extends ServerMethodDefinition<?, ?>> methods =
                service.getMethods().stream().map(UnreadableRequests::asNull).toList();
        ServiceDescriptor before = service.getServiceDescriptor();
        ServiceDescriptor.Builder descriptor =
                ServiceDescriptor.newBuilder(before.getName()).setSchemaDescriptor(before.getSchemaDescriptor());
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(definition::addMethod);
        return definition.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> asNull(ServerMethodDefinition<Q, R> method) {
        MethodDescriptor<Q, R> descriptor = method.getMethodDescriptor();
        return ServerMethodDefinition.create(
                descriptor.toBuilder(
                                new Lenient<>(descriptor.getRequestMarshaller()), descriptor.getResponseMarshaller())
                        .build(),
                method.getServerCallHandler());
    }

    private record Lenient<T>(Marshaller<T> strict) implements Marshaller<T> {

        @Override
        public InputStream stream(T value) {
            return strict.stream(value);
        }

        @Override
        public @Nullable T parse(InputStream stream) {
            try {
                return strict.parse(stream);
            } catch (RuntimeException e) {
                return null;
            }
        }
    }
}
