package io.github.grpclb.resolver;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.ServiceName;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Resolves targets such as {@code etcd:///greeter}. It holds nothing: gRPC's registry is shared by the whole JVM, so a channel
 * brings its own source.
 *
 * <pre>{@code
 * ManagedChannelBuilder.forTarget("etcd:///greeter")
 *         .setNameResolverArg(ResolverArgs.SOURCE, source)
 * }</pre>
 *
 * A target that names no service fails when the channel is built; everything that may heal by itself fails the calls instead.
 */
public final class EndpointNameResolverProvider extends NameResolverProvider {

    private final String scheme;

    /** For the service loader: resolves targets of {@link EndpointSource#DEFAULT_SCHEME}. */
    public EndpointNameResolverProvider() {
        this(EndpointSource.DEFAULT_SCHEME);
    }

    private EndpointNameResolverProvider(String scheme) {
        this.scheme = scheme;
    }

    /**
     * Has gRPC resolve targets of a scheme here, in the whole JVM, unless somebody does already. Thread-safe.
     *
     * @throws IllegalValueException if another resolver has this scheme
     */
    public static void register(String scheme) {
        NameResolverRegistry registry = NameResolverRegistry.getDefaultRegistry();
        synchronized (EndpointNameResolverProvider.class) {
            NameResolverProvider known = registry.getProviderForScheme(scheme);
            if (known == null) {
                registry.register(new EndpointNameResolverProvider(scheme));
            } else if (!(known instanceof EndpointNameResolverProvider)) {
                throw new IllegalValueException(
                        "scheme",
                        scheme,
                        "one that no other resolver has; this is "
                                + known.getClass().getName() + "'s");
            }
        }
    }

    /**
     * Makes a resolver.
     *
     * @return null where the scheme is not ours
     * @throws IllegalValueException if the target does not name a service and nothing else
     */
    @Override
    public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
        if (!scheme.equalsIgnoreCase(target.getScheme())) {
            return null;
        }
        String service = serviceOf(target);
        BuiltListener built = args.getArg(ResolverArgs.BUILT);
        EndpointSource source = args.getArg(ResolverArgs.SOURCE);
        if (built != null && source != null) {
            built.built(service, source);
        }
        EndpointNameResolver resolver = new EndpointNameResolver(target.toString(), service, args);
        ResolverLife life = args.getArg(ResolverArgs.LIFE);
        if (life != null) {
            life.made(service);
        }
        return resolver;
    }

    /**
     * Returns the target that stands for a service in the default scheme.
     *
     * @throws IllegalValueException if it is no service's name ({@link ServiceName})
     */
    public static String target(String service) {
        return target(EndpointSource.DEFAULT_SCHEME, service);
    }

    /**
     * Returns the target that stands for a service, as {@code ManagedChannelBuilder.forTarget} takes it: what a URI cannot hold is
     * written in percent-encoded UTF-8.
     *
     * @throws IllegalValueException if it is no service's name ({@link ServiceName})
     */
    public static String target(String scheme, String service) {
        if (!ServiceName.isValid(service)) {
            throw new IllegalValueException("service", service, ServiceName.EXPECTED);
        }
        return scheme + ":///" + ServiceName.toPath(service);
    }

    private String serviceOf(URI target) {
        String path = target.getPath() == null ? "" : target.getPath();
        String decoded = path.contains("%") ? decode(path) : path;
        boolean serviceAlone = target.getRawAuthority() == null
                && target.getRawQuery() == null
                && target.getRawFragment() == null
                && decoded.startsWith("/")
                && ServiceName.isValid(decoded.substring(1));
        if (!serviceAlone) {
            throw new IllegalValueException(
                    "target",
                    target.toString(),
                    scheme + ":///<service>, with no authority, query or fragment; the registry's address is configured"
                            + " elsewhere. A service has " + ServiceName.EXPECTED + "; write '?' as %3F, '#' as %23");
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
        return scheme;
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
