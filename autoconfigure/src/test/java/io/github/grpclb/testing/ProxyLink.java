package io.github.grpclb.testing;

import io.github.grpclb.testing.TcpProxy.Direction;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** One connection through a {@link TcpProxy}: its two sockets and the two threads between them. */
final class ProxyLink {

    private static final int PIECE = 64 * 1024;

    private final TcpProxy proxy;
    private final Socket client;
    private final Socket server = new Socket();
    private final AtomicInteger flowing = new AtomicInteger(2);
    private final Set<Direction> stalled = ConcurrentHashMap.newKeySet();
    private volatile boolean over;

    ProxyLink(TcpProxy proxy, Socket client) {
        this.proxy = proxy;
        this.client = client;
    }

    void connect(InetSocketAddress target) {
        try {
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            server.connect(target);
        } catch (IOException e) {
            reset();
            return;
        }
        daemon("to server", () -> pump(client, server, Direction.TO_SERVER, false));
        daemon("to client", () -> pump(server, client, Direction.TO_CLIENT, true));
    }

    /** Lets nothing more pass in a direction. */
    void stall(Direction direction) {
        stalled.add(direction);
    }

    /** Ends both sides with RST. */
    void reset() {
        over = true;
        for (Socket socket : new Socket[] {client, server}) {
            try {
                socket.setSoLinger(true, 0);
            } catch (IOException e) {
                // closed already
            }
            TcpProxy.closeQuietly(socket);
        }
        for (Direction direction : Direction.values()) {
            proxy.gate(direction).stir();
        }
        proxy.ended(this);
    }

    /** Tells the client that nothing more comes (FIN). */
    void halfClose() {
        try {
            client.shutdownOutput();
        } catch (IOException e) {
            // closed already
        }
    }

    static void daemon(String what, Runnable work) {
        Thread thread = new Thread(work, "tcp-proxy " + what);
        thread.setDaemon(true);
        thread.start();
    }

    private void pump(Socket from, Socket to, Direction direction, boolean limited) {
        byte[] piece = new byte[PIECE];
        long carried = 0;
        try {
            for (int n = from.getInputStream().read(piece);
                    n >= 0;
                    n = from.getInputStream().read(piece)) {
                pass(direction);
                int passing = limited ? (int) Math.min(n, Math.max(0, proxy.budget() - carried)) : n;
                to.getOutputStream()
                        .write(piece, 0, passing); // not asked for earlier: it may be half-closed from the start
                carried += passing;
                if (passing < n) {
                    reset();
                    return;
                }
            }
            pass(direction);
            to.shutdownOutput();
            if (flowing.decrementAndGet() == 0) {
                TcpProxy.closeQuietly(client);
                TcpProxy.closeQuietly(server);
                proxy.ended(this);
            }
        } catch (IOException e) {
            endAfterStall(direction);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void pass(Direction direction) throws InterruptedException {
        proxy.gate(direction).pass(() -> stalled.contains(direction), () -> over);
    }

    /** A reset of one side reaches the other one no earlier than its bytes would. */
    private void endAfterStall(Direction direction) {
        try {
            pass(direction);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        reset();
    }
}
