package io.github.grpclb.resolver;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.ServiceName;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Resolves targets such as {@code etcd:///greeter}. It holds nothing: gRPC's registry is shared by the whole JVM, so a channel
 * brings its own source.
 *
 * <pre>{@code
 * ManagedChannelBuilder.forTarget("etcd:///greeter")
 *         .setNameResolverArg(EndpointNameResolverProvider.SOURCE, source)
 * }</pre>
 *
 * A target that names no service fails when the channel is built; everything that may heal by itself fails the calls instead.
 */
public final class EndpointNameResolverProvider extends NameResolverProvider {

    /** The scheme of the targets that are resolved here. */
    public static final String SCHEME = "etcd";

    /** Where a channel's endpoints come from. Without it all calls of the channel fail. The channel does not close it. */
    public static final NameResolver.Args.Key<EndpointSource> SOURCE =
            NameResolver.Args.Key.create("io.github.grpclb.endpoint-source");

    /** What host names may lead to. Optional; without it to any single machine. */
    public static final NameResolver.Args.Key<AddressRules> ADDRESS_RULES =
            NameResolver.Args.Key.create("io.github.grpclb.address-rules");

    /** The service config of a channel that may change while the channel lives. Optional. */
    public static final NameResolver.Args.Key<LiveServiceConfig> SERVICE_CONFIG =
            NameResolver.Args.Key.create("io.github.grpclb.service-config");

    /** Whether a channel's calls are spread by {@code endpoint_lb}, for those that want it so. Optional. */
    public static final NameResolver.Args.Key<BalancerInUse> BALANCER_IN_USE =
            NameResolver.Args.Key.create("io.github.grpclb.balancer-in-use");

    /**
     * The longest time that endpoints are kept which vanished from the registry together ({@link Unlisted}); time while it is
     * unreachable does not count. 0 keeps none. Optional: {@link #DEFAULT_STALE_MAX} where it is absent.
     */
    public static final NameResolver.Args.Key<Duration> STALE_MAX =
            NameResolver.Args.Key.create("io.github.grpclb.stale-max");

    /** How long calls wait for a first server. Optional; without it they fail as soon as the registry says that there is none. */
    public static final NameResolver.Args.Key<InitialWait> INITIAL_WAIT =
            NameResolver.Args.Key.create("io.github.grpclb.initial-wait");

    /** Five minutes. */
    public static final Duration DEFAULT_STALE_MAX = Duration.ofMinutes(5);

    /** For the service loader. */
    public EndpointNameResolverProvider() {}

    /**
     * Makes a resolver.
     *
     * @return null where the scheme is not ours
     * @throws IllegalArgumentException if the target does not name a service and nothing else
     */
    @Override
    public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
        if (!SCHEME.equalsIgnoreCase(target.getScheme())) {
            return null;
        }
        return new EndpointNameResolver(target.toString(), serviceOf(target), args);
    }

    /**
     * Returns the target that stands for a service, as {@code ManagedChannelBuilder.forTarget} takes it: what a URI cannot hold is
     * written in percent-encoded UTF-8.
     *
     * @throws IllegalArgumentException if it is no service's name ({@link ServiceName})
     */
    public static String target(String service) {
        if (!ServiceName.isValid(service)) {
            throw new IllegalArgumentException("service: '" + service + "' (expected: " + ServiceName.EXPECTED + ")");
        }
        return SCHEME + ":///" + ServiceName.toPath(service);
    }

    private static String serviceOf(URI target) {
        String path = target.getPath() == null ? "" : target.getPath();
        String decoded = path.contains("%") ? decode(path) : path;
        boolean serviceAlone = target.getRawAuthority() == null
                && target.getRawQuery() == null
                && target.getRawFragment() == null
                && decoded.startsWith("/")
                && ServiceName.isValid(decoded.substring(1));
        if (!serviceAlone) {
            throw new IllegalArgumentException("target: '" + target + "' (expected: " + SCHEME
                    + ":///<service>, with no authority, query or fragment; the registry's address is configured elsewhere."
                    + " A service has " + ServiceName.EXPECTED + "; write '?' as %3F, '#' as %23)");
        }
        return decoded.substring(1);
    }

    /** No service has a '%' in its name: Spring has encoded once more what the user had encoded in a property. */
    private static String decode(String path) {
        try {
            String decoded = URI.create(path).getPath();
            return decoded == null ? path : decoded;
        } catch (IllegalArgumentException e) {
            return path;
        }
    }

    @Override
    public String getDefaultScheme() {
        return SCHEME;
    }

    @Override
    protected boolean isAvailable() {
        return true;
    }

    /** Below 5, so that a target without a scheme stays with dns. */
    @Override
    protected int priority() {
        return 4;
    }
}
