package io.github.grpclb.bench;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;

/**
 * Fixed addresses for those that do without the starter. gRPC has nothing of the kind, and since 1.84 net.devh's
 * {@code static://} can no longer hold more than one address: gRPC takes the comma for part of a host.
 */
final class FixedList extends NameResolverProvider {

    private static final String SCHEME = "fixed";

    private FixedList() {}

    /** Makes the targets of {@link #target} known in this JVM. */
    static void register() {
        NameResolverRegistry.getDefaultRegistry().register(new FixedList());
    }

    static String target(List<String> addresses) {
        return SCHEME + ":///" + String.join(",", addresses);
    }

    @Override
    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
        if (!SCHEME.equals(target.getScheme())) {
            return null;
        }
        List<EquivalentAddressGroup> servers = Arrays.stream(
                        target.getPath().substring(1).split(","))
                .map(address -> address.split(":"))
                .map(parts -> new InetSocketAddress(parts[0], Integer.parseInt(parts[1])))
                .map(EquivalentAddressGroup::new)
                .toList();
        return new Resolver(servers, args);
    }

    @Override
    public String getDefaultScheme() {
        return SCHEME;
    }

    @Override
    protected boolean isAvailable() {
        return true;
    }

    @Override
    protected int priority() {
        return 4;
    }

    private static final class Resolver extends NameResolver {

        private final List<EquivalentAddressGroup> servers;
        private final Args args;

        Resolver(List<EquivalentAddressGroup> servers, Args args) {
            this.servers = servers;
            this.args = args;
        }

        @Override
        public String getServiceAuthority() {
            return SCHEME;
        }

        @Override
        public void start(Listener2 listener) {
            ResolutionResult result = ResolutionResult.newBuilder()
                    .setAddressesOrError(StatusOr.fromValue(servers))
                    .build();
            args.getSynchronizationContext().execute(() -> listener.onResult2(result));
        }

        @Override
        public void shutdown() {}
    }
}
