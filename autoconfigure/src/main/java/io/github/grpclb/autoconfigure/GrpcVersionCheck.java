package io.github.grpclb.autoconfigure;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Stops an application whose grpc-java artifacts have different versions, before they fail one another with a
 * {@code ClassNotFoundException io.grpc.internal…} that names no culprit; or one version that is too old, before it ends every call
 * with a panic.
 */
final class GrpcVersionCheck implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    /** What grpc-lb is built and tested with. */
    static final String RECOMMENDED = "1.84.1";

    /** The first version that has all that grpc-lb calls, {@code PickResult.copyWithStreamTracerFactory} being the newest. */
    static final String OLDEST = "1.80.0";

    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*");

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
        requireUsable(versions);
    }

    /**
     * Checks what is there.
     *
     * @param versions the version of each artifact
     * @throws GrpcVersionException if they differ, or are older than {@link #OLDEST}
     */
    static void requireUsable(Map<String, String> versions) {
        Set<String> distinct = new TreeSet<>(versions.values());
        if (distinct.size() > 1) {
            throw new GrpcVersionException("grpc-java is on the class path in several versions: " + versions);
        }
        for (String version : distinct) {
            if (isOlder(version, OLDEST)) {
                throw new GrpcVersionException("grpc-java " + version + " is on the class path (expected: " + OLDEST
                        + " or newer, of which grpc-lb uses methods that this version does not have)");
            }
        }
    }

    /** By major and minor number; a version that does not begin with these is none that could be judged. */
    private static boolean isOlder(String version, String than) {
        Matcher one = VERSION.matcher(version);
        Matcher other = VERSION.matcher(than);
        if (!one.matches() || !other.matches()) {
            return false;
        }
        int major = Integer.compare(Integer.parseInt(one.group(1)), Integer.parseInt(other.group(1)));
        return major != 0 ? major < 0 : Integer.parseInt(one.group(2)) < Integer.parseInt(other.group(2));
    }

    private static @Nullable String versionOf(String className, @Nullable ClassLoader classLoader) {
        try {
            return Class.forName(className, false, classLoader).getPackage().getImplementationVersion();
        } catch (ClassNotFoundException | LinkageError absent) {
            return null;
        }
    }
}
