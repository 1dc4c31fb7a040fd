package io.github.grpclb.etcd.embedded;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An etcd inside this JVM, for development and tests: it answers jetcd, Go clients and {@code etcdctl} on a loopback address.
 *
 * <p>It serves KV, Lease, Watch, Lock and Election as one member of etcd 3.5 does, and of Maintenance and Cluster what clients ask for.
 * It keeps all data in memory and the last {@value #HISTORY_LIMIT} revisions of them; it has no TLS, no users, no peers, and no file of which
 * it could send a snapshot. Other calls end with {@code UNIMPLEMENTED}. Instances do not share anything. Thread-safe.
 */
public final class EmbeddedEtcd implements AutoCloseable {

    /** How many revisions can be read and watched; a real etcd is compacted by its operator instead. */
    static final int HISTORY_LIMIT = 10_000;

    private static final Logger log = LoggerFactory.getLogger(EmbeddedEtcd.class);

    /** etcd's own allowance over the largest request. */
    private static final int MESSAGE_OVERHEAD_BYTES = 512 * 1024;

    private static final Duration EXPIRY_CHECK = Duration.ofMillis(100);
    private static final Duration PROGRESS_INTERVAL = Duration.ofMinutes(10);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread worker = new Thread(task, "embedded-etcd");
        worker.setDaemon(true);
        return worker;
    });
    private final Server server;
    private final URI endpoint;

    private EmbeddedEtcd(InetAddress address, int port) {
        EtcdState state = new EtcdState(HISTORY_LIMIT, System::nanoTime);
        WatchService watches = new WatchService(state);
        Claims claims = new Claims(state);
        this.server = NettyServerBuilder.forAddress(new InetSocketAddress(address, port))
                .executor(thread)
                .maxInboundMessageSize(RequestRules.MAX_BYTES + MESSAGE_OVERHEAD_BYTES)
                // etcd's --grpc-keepalive-min-time: who pings more often, or without a call, is sent away
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .addService(new KvService(state))
                .addService(LeaseListing.addTo(new LeaseService(state), state))
                .addService(watches)
                .addService(new LockService(state, claims))
                .addService(new ElectionService(state, claims))
                .addService(new MaintenanceService(state))
                .addService(new ClusterService(state, this::endpoint))
                .build();
        try {
            server.start();
        } catch (IOException e) {
            thread.shutdownNow();
            throw new UncheckedIOException(
                    "Embedded etcd cannot listen on " + address.getHostAddress() + ":" + port, e);
        }
        this.endpoint = uri(address, server.getPort());
        every(EXPIRY_CHECK, state::expireLeases);
        every(PROGRESS_INTERVAL, watches::notifyProgress);
    }

    /**
     * Starts an empty etcd; it serves when this returns.
     *
     * @param host a loopback address, or a name of one
     * @param port 1 to 65535, or 0 for any free one
     * @throws IllegalArgumentException if the host is not on loopback: anyone who reaches this etcd may read and write it
     * @throws UncheckedIOException if the port cannot be listened on
     */
    public static EmbeddedEtcd start(String host, int port) {
        EmbeddedEtcd etcd = new EmbeddedEtcd(loopback(host), port);
        log.warn(
                "Embedded etcd listens on {}. It is for development and tests only: data are in memory and gone at exit,"
                        + " there is no authentication and no TLS.",
                etcd.endpoint());
        return etcd;
    }

    /** Returns the URI for clients, such as {@code http://127.0.0.1:2379}. */
    public URI endpoint() {
        return endpoint;
    }

    /** Ends all calls and forgets all data. May be called again. */
    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.shutdownNow();
    }

    /** A task that throws would never run again, and no lease end. */
    private void every(Duration interval, Runnable task) {
        Runnable guarded = () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                log.error("Embedded etcd failed at a periodic task", e);
            }
        };
        thread.scheduleWithFixedDelay(guarded, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static URI uri(InetAddress address, int port) {
        String host = address.getHostAddress();
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
    }

    private static InetAddress loopback(String host) {
        InetAddress address;
        try {
            address = InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("Embedded etcd: host '" + host + "' is not known", e);
        }
        if (!address.isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    "Embedded etcd: host '" + host + "' is not a loopback address; it has neither"
                            + " authentication nor TLS and must not be reached from other machines (use 127.0.0.1)");
        }
        return address;
    }
}
