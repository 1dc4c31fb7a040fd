package io.github.grpclb.autoconfigure;

import com.google.common.net.InetAddresses;
import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.server.AdvertisedHost;
import io.github.grpclb.server.HostChoice;
import io.github.grpclb.server.HostChoice.Found;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the host that is announced: by {@code registration.host}, by what the server is bound to, by {@code POD_IP}, by {@code
 * registration.preferred-networks}, by the route to etcd, and else by what this machine's interfaces are.
 */
final class HostSettings {

    /** The variable that Kubernetes' documentation gives a pod's address to containers by. */
    static final String POD_IP = "POD_IP";

    private static final String HOST = "grpc.lb.registration.host";
    private static final String NETWORKS = "grpc.lb.registration.preferred-networks";

    private final @Nullable String host;
    private final List<Cidr> networks;
    private final @Nullable String podIp;
    private final Supplier<List<InetAddress>> etcd;
    private final Supplier<HostChoice> machine;

    /**
     * Checks the properties.
     *
     * @param podIp the variable's value, or null; checked where it is used
     * @param etcd looks up where etcd is
     * @param machine reads this machine's addresses
     * @throws InvalidPropertyException if one is not what it should be
     */
    HostSettings(
            GrpcLbProperties.Registration properties,
            @Nullable String podIp,
            Supplier<List<InetAddress>> etcd,
            Supplier<HostChoice> machine) {
        this.host = properties.host();
        this.podIp = BlankIsAbsent.textOrNull(podIp);
        this.etcd = etcd;
        this.machine = machine;
        if (host != null && AdvertisedHost.isWildcard(host)) {
            throw new InvalidPropertyException(
                    HOST,
                    host,
                    "an IP address or host name that others can connect to",
                    "Set the address of this machine, or leave it out to have it chosen.");
        }
        try {
            this.networks =
                    properties.preferredNetworks().stream().map(Cidr::parse).toList();
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, NETWORKS);
        }
    }

    /**
     * Returns the host and why it is that.
     *
     * @param bindAddress what the server is bound to, perhaps a wildcard
     * @throws InvalidPropertyException if nothing suits
     */
    Found forServerBoundTo(@Nullable String bindAddress) {
        if (host != null) {
            return new Found(AdvertisedHost.withoutBrackets(host), HOST);
        }
        if (bindAddress != null && !AdvertisedHost.isWildcard(bindAddress)) {
            return new Found(AdvertisedHost.withoutBrackets(bindAddress), "the server is bound to it");
        }
        if (podIp != null) {
            return ofPod(podIp);
        }
        HostChoice choice = machine.get();
        if (!networks.isEmpty()) {
            return choice.in(networks).orElseThrow(() -> noneIn(choice));
        }
        Optional<Found> towardsEtcd = choice.towards(etcd.get());
        return towardsEtcd.or(choice::best).orElseThrow(HostSettings::nothingRoutable);
    }

    private static Found ofPod(String podIp) {
        String literal = AdvertisedHost.withoutBrackets(podIp.strip());
        if (InetAddresses.isInetAddress(literal)) {
            InetAddress address = InetAddresses.forString(literal);
            if (!address.isAnyLocalAddress() && !address.isMulticastAddress() && !address.isLinkLocalAddress()) {
                return new Found(literal, "environment variable " + POD_IP);
            }
        }
        throw new InvalidPropertyException(
                POD_IP,
                podIp,
                "the IP address of this pod, that others can connect to",
                "Set it from status.podIP, remove the variable, or set " + HOST + ".");
    }

    private InvalidPropertyException noneIn(HostChoice choice) {
        return new InvalidPropertyException(
                NETWORKS,
                networks,
                "networks of which this machine has an address; it has: " + choice.describe(),
                "Name a network of this machine, or set " + HOST + ".");
    }

    private static InvalidPropertyException nothingRoutable() {
        return new InvalidPropertyException(
                HOST,
                null,
                "an address that others can connect to; this machine has only loopback and link-local ones",
                "Set " + HOST
                        + " to the address under which clients reach this server (127.0.0.1 if they run on this machine).");
    }
}
