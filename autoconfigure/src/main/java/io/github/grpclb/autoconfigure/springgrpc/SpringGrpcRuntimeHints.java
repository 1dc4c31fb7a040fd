package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.properties.RecordHints;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * Tells a native image of the records that Spring gRPC's properties are bound to here, of which nothing else does, and of the field that
 * {@link TargetsOfFactories} reads.
 */
final class SpringGrpcRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        RecordHints.register(hints, ChannelProperties.Channel.class, ChannelProperties.LegacyChannel.class);
        hints.reflection()
                .registerTypeIfPresent(
                        classLoader,
                        "org.springframework.grpc.client.DefaultGrpcChannelFactory",
                        factory -> factory.withField(TargetsOfFactories.FIELD_NAME));
    }
}
