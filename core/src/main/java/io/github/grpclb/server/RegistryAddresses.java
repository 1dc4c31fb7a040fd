package io.github.grpclb.server;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks up where a registry is. */
public final class RegistryAddresses {

    private static final Logger log = LoggerFactory.getLogger(RegistryAddresses.class);

    private RegistryAddresses() {}

    /**
     * Returns the addresses of some hosts, in their order; names that are not found are left out. Blocks where there are names.
     *
     * @param hosts IP literals without brackets, and names
     * @param limit how long to wait for names at most; what is not known by then is left out
     */
    public static List<InetAddress> of(List<String> hosts, Duration limit) {
        if (hosts.stream().allMatch(InetAddresses::isInetAddress)) {
            return hosts.stream().map(InetAddresses::forString).toList();
        }
        CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();
        Thread lookup = new Thread(() -> found.complete(lookUp(hosts)), "grpc-lb-registry-lookup");
        lookup.setDaemon(true);
        lookup.start();
        try {
            return found.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.warn("The registry's names {} were not found within {} ms", hosts, limit.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return List.of();
    }

    private static List<InetAddress> lookUp(List<String> hosts) {
        List<InetAddress> addresses = new ArrayList<>();
        for (String host : hosts) {
            try {
                addresses.addAll(List.of(InetAddress.getAllByName(host)));
            } catch (UnknownHostException | SecurityException notFound) {
                log.debug("The registry's name {} is not found", host);
            }
        }
        return addresses;
    }
}
