package io.github.grpclb.kubernetes;

import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.github.grpclb.testing.Ports;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A {@link FakeCluster} behind HTTP on loopback, with real connections, and answers of the test's own where it wants some. A thread for
 * each watch. Thread-safe.
 */
final class FakeApiServer implements AutoCloseable {

    /**
     * A request that arrived.
     *
     * @param token without {@code Bearer}, or null
     */
    record Received(String path, @Nullable String token) {

        boolean isWatch() {
            return path.contains("watch=true");
        }
    }

    /** An answer of the test's own. */
    record Answer(int status, Map<String, String> headers, String body) {}

    private final FakeCluster cluster;
    private final @Nullable SSLContext tls;
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private final AtomicInteger begun = new AtomicInteger();
    private volatile @Nullable String wantedToken;
    private volatile Duration pauseBetweenBytes = Duration.ZERO;
    private volatile Duration bookmarks = Duration.ofMinutes(1);
    private int port;
    private boolean running;
    private HttpServer server;
    private ExecutorService threads;

    private FakeApiServer(FakeCluster cluster, @Nullable SSLContext tls) {
        this.cluster = cluster;
        this.tls = tls;
        resume();
    }

    static FakeApiServer start(FakeCluster cluster) {
        return new FakeApiServer(cluster, null);
    }

    static FakeApiServer start(FakeCluster cluster, SSLContext tls) {
        return new FakeApiServer(cluster, tls);
    }

    URI uri() {
        return URI.create((tls == null ? "http" : "https") + "://127.0.0.1:" + port);
    }

    /** Takes requests with this token alone; all, if it is null. */
    void want(@Nullable String token) {
        wantedToken = token;
    }

    /** Answers the next request with this. */
    void answerNext(int status, Map<String, String> headers, String body) {
        answers.add(new Answer(status, headers, body));
    }

    /** Writes events of watches byte by byte. */
    void dribble(Duration pause) {
        pauseBetweenBytes = pause;
    }

    /** Sends bookmarks so often, to those who watch from now on. */
    void bookmarkEach(Duration time) {
        bookmarks = time;
    }

    List<Received> received() {
        return received;
    }

    long lists() {
        return received.stream().filter(request -> !request.isWatch()).count();
    }

    /** Returns how many watches stand, as far as is known here: one that its client has left is noticed when it is written to. */
    int watches() {
        return watches.size();
    }

    /** Returns how many watches were begun. */
    int begun() {
        return begun.get();
    }

    void endWatches() {
        watches.forEach(watch -> watch.tasks.add(Watch.END));
    }

    /** Ends watches without the end of the answer, be it in the middle of a line. */
    void breakWatches() {
        watches.forEach(watch -> {
            watch.broken = true;
            watch.tasks.add(Watch.BREAK);
        });
    }

    /** Sends a line to all who watch. */
    void send(String line) {
        watches.forEach(watch -> watch.tasks.add(line));
    }

    /** As if the process was killed. */
    void stop() {
        if (running) {
            running = false;
            server.stop(0);
            threads.shutdownNow();
            watches.clear();
        }
    }

    /** Starts it again, at the same port. */
    void resume() {
        if (port != 0) {
            Ports.awaitFree(port);
        }
        try {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            if (tls == null) {
                server = HttpServer.create(address, 1000);
            } else {
                HttpsServer secure = HttpsServer.create(address, 1000);
                secure.setHttpsConfigurator(new HttpsConfigurator(tls));
                server = secure;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        port = server.getAddress().getPort();
        threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "fake-api-server");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
        running = true;
    }

    @Override
    public void close() {
        stop();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try {
            String path = exchange.getRequestURI().toString();
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            String token = authorization == null ? null : authorization.replaceFirst("^Bearer ", "");
            received.add(new Received(path, token));
            FakeCluster.Query query = FakeCluster.Query.of(path);
            Answer own = answers.poll();
            String wanted = wantedToken;
            if (own != null) {
                own.headers().forEach(exchange.getResponseHeaders()::set);
                answer(exchange, own.status(), own.body());
            } else if (wanted != null && !wanted.equals(token)) {
                answer(
                        exchange,
                        401,
                        FakeCluster.status(401, "Unauthorized", "Unauthorized").toString());
            } else if (!query.isWatch()) {
                JsonObject list = cluster.list(query);
                answer(exchange, list.has("code") ? 410 : 200, list.toString());
            } else if (!cluster.remembers(query.version())) {
                answer(
                        exchange,
                        410,
                        FakeCluster.status(410, "Expired", "too old resource version")
                                .toString());
            } else {
                new Watch(exchange, query).run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.getResponseBody().close();
    }

    /** One who watches, on his thread. */
    private final class Watch {

        static final String END = "end";
        static final String BREAK = "break";
        static final String TELL = "tell";

        /** Lines to send, and what else is to be done. */
        private final LinkedBlockingQueue<String> tasks = new LinkedBlockingQueue<>();

        private final HttpExchange exchange;
        private final FakeCluster.Query query;
        private final OutputStream out;
        private volatile boolean broken;
        private long told;

        Watch(HttpExchange exchange, FakeCluster.Query query) {
            this.exchange = exchange;
            this.query = query;
            this.out = exchange.getResponseBody();
            this.told = query.version();
        }

        void run() throws IOException, InterruptedException {
            exchange.sendResponseHeaders(200, 0);
            out.flush();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(query.timeoutSeconds());
            long bookmark = bookmarks.toNanos();
            long nextBookmark = System.nanoTime() + bookmark;
            cluster.onChange(() -> tasks.add(TELL));
            tasks.add(TELL);
            watches.add(this);
            begun.incrementAndGet();
            try {
                while (System.nanoTime() < end) {
                    long wait = Math.min(end, nextBookmark) - System.nanoTime();
                    String task = tasks.poll(Math.max(wait, 0), TimeUnit.NANOSECONDS);
                    if (END.equals(task)) {
                        break;
                    } else if (BREAK.equals(task)) {
                        throw new IOException("on purpose"); // has the connection closed
                    } else if (TELL.equals(task)) {
                        tell(false);
                    } else if (task != null) {
                        write(task);
                    } else if (System.nanoTime() >= nextBookmark) {
                        nextBookmark += bookmark;
                        tell(true);
                    }
                }
                out.close();
            } finally {
                watches.remove(this);
            }
        }

        private void tell(boolean bookmark) throws IOException, InterruptedException {
            List<String> lines = new ArrayList<>();
            synchronized (cluster) {
                cluster.events(query, told).forEach(event -> lines.add(event.toString()));
                told = cluster.version();
                if (bookmark) {
                    lines.add(cluster.bookmark().toString());
                }
            }
            for (String line : lines) {
                write(line);
            }
        }

        private void write(String line) throws IOException, InterruptedException {
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            Duration pause = pauseBetweenBytes;
            if (pause.isZero()) {
                out.write(bytes);
                out.flush();
                return;
            }
            for (byte each : bytes) {
                if (broken) {
                    throw new IOException("on purpose");
                }
                out.write(each);
                out.flush();
                Thread.sleep(pause.toMillis());
            }
        }
    }
}
