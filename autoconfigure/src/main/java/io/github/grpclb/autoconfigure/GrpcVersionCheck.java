package io.github.grpclb.autoconfigure;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Stops an application whose grpc-java artifacts have different versions, before they fail one another with a
 * {@code ClassNotFoundException io.grpc.internal…} that names no culprit.
 */
final class GrpcVersionCheck implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    /** Artifacts that must go together, each with a class of its own. */
    private static final Map<String, String> CLASSES = Map.of(
            "grpc-api", "io.grpc.ManagedChannel",
            "grpc-core", "io.grpc.internal.GrpcUtil",
            "grpc-stub", "io.grpc.stub.AbstractStub",
            "grpc-util", "io.grpc.util.ForwardingLoadBalancerHelper",
            "grpc-protobuf", "io.grpc.protobuf.ProtoUtils",
            "grpc-netty", "io.grpc.netty.NettyChannelBuilder",
            "grpc-netty-shaded", "io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder",
            "grpc-inprocess", "io.grpc.inprocess.InProcessChannelBuilder");

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        Map<String, String> versions = new TreeMap<>();
        CLASSES.forEach((artifact, className) -> {
            String version = versionOf(className, context.getClassLoader());
            if (version != null) {
                versions.put(artifact, version);
            }
        });
        requireOne(versions);
    }

    static void requireOne(Map<String, String> versions) {
        if (versions.values().stream().distinct().count() > 1) {
            throw new MixedGrpcVersionsException(versions);
        }
    }

    private static @Nullable String versionOf(String className, @Nullable ClassLoader classLoader) {
        try {
            return Class.forName(className, false, classLoader).getPackage().getImplementationVersion();
        } catch (ClassNotFoundException | LinkageError absent) {
            return null;
        }
    }
}
