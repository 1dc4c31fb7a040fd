package io.github.grpclb.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A TCP proxy on a loopback port in front of one address, with hands on what passes: delay, stall, reset, cut, half-close, refuse.
 * What is set holds for the connections of now and those to come, until {@link #heal}; {@link #reset} and {@link #halfClose} hit
 * those of now. Nothing is dropped by a stall: what came meanwhile, the end of a connection too, passes when it ends, as TCP
 * would send it again. Safe for use by several threads.
 */
public final class TcpProxy implements AutoCloseable {

    /** Which way bytes flow. */
    public enum Direction {
        TO_SERVER,
        TO_CLIENT
    }

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final InetSocketAddress target;
    private final InetSocketAddress address;
    private final ProxyGate toServer = new ProxyGate();
    private final ProxyGate toClient = new ProxyGate();
    private final Set<ProxyLink> links = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile ServerSocket listener;
    private volatile long budget = Long.MAX_VALUE;

    private TcpProxy(InetSocketAddress target) {
        this.target = target;
        this.listener = listen(0);
        this.address = (InetSocketAddress) listener.getLocalSocketAddress();
        acceptFrom(listener);
    }

    /** Starts one in front of an address. */
    public static TcpProxy to(InetSocketAddress target) {
        return new TcpProxy(target);
    }

    /** Starts one in front of a server such as etcd. */
    public static TcpProxy to(URI server) {
        return to(new InetSocketAddress(server.getHost(), server.getPort()));
    }

    /** Returns where to connect to. */
    public InetSocketAddress address() {
        return address;
    }

    /** Returns where to connect to, for a client of etcd. */
    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + address.getPort());
    }

    /** Returns how many connections there were. */
    public int accepted() {
        return accepted.get();
    }

    /** Returns how many connections are open on either side. */
    public int open() {
        return links.size();
    }

    /** Makes all that passes in a direction arrive later, each piece by a time of its own; up to twice that under load. */
    public void delay(Direction direction, Supplier<Duration> each) {
        gate(direction).delay(each);
    }

    /** Lets nothing pass in either direction; connections are still accepted. */
    public void stall() {
        stall(Direction.TO_SERVER);
        stall(Direction.TO_CLIENT);
    }

    /** Lets nothing pass in one direction. */
    public void stall(Direction direction) {
        gate(direction).close(true);
    }

    /** Resets (RST) the connections of now, on both sides. */
    public void reset() {
        links.forEach(ProxyLink::reset);
    }

    /** Ends the server's half (FIN) of the connections of now; the client's goes on. */
    public void halfClose() {
        links.forEach(ProxyLink::halfClose);
    }

    /** Resets each connection once it has carried so many bytes, counted from its start, to the client. */
    public void cutAfter(long bytes) {
        budget = bytes;
    }

    /** Refuses new connections; those of now stay. */
    public void refuse() {
        closeQuietly(listener);
    }

    /** Refuses new connections and resets those of now, as a dead host's router does. */
    public void cut() {
        refuse();
        reset();
    }

    /** Undoes all of it: everything passes at once, new connections are accepted. */
    public void heal() {
        budget = Long.MAX_VALUE;
        for (Direction direction : Direction.values()) {
            gate(direction).delay(() -> Duration.ZERO);
            gate(direction).close(false);
        }
        if (listener.isClosed()) {
            await("port is free again").atMost(LIMIT).ignoreExceptions().until(() -> {
                listener = listen(address.getPort());
                return true;
            });
            acceptFrom(listener);
        }
    }

    @Override
    public void close() {
        cut();
        gate(Direction.TO_SERVER).close(false);
        gate(Direction.TO_CLIENT).close(false);
    }

    /** How many bytes a connection may carry to the client. */
    long budget() {
        return budget;
    }

    ProxyGate gate(Direction direction) {
        return direction == Direction.TO_SERVER ? toServer : toClient;
    }

    void ended(ProxyLink link) {
        links.remove(link);
    }

    private static ServerSocket listen(int port) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 1000);
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void acceptFrom(ServerSocket from) {
        ProxyLink.daemon("accept", () -> {
            while (!from.isClosed()) {
                try {
                    accept(from.accept());
                } catch (IOException e) {
                    // refused from now on, or the client is gone already
                }
            }
        });
    }

    private void accept(Socket client) throws IOException {
        accepted.incrementAndGet();
        ProxyLink link = new ProxyLink(this, client);
        links.add(link);
        link.connect(target);
        if (listener.isClosed()) {
            // came while the connections of then were cut
            link.reset();
        }
    }

    static void closeQuietly(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            // closed is closed
        }
    }
}
