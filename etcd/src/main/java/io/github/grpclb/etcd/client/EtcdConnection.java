package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one etcd, for a {@link EtcdRegistrar} and an {@link EtcdEndpointSource} to share: one client, replaced
 * when it makes no progress, and the one thread on which all their state lives. Nothing is dialled before the first
 * use. Thread-safe.
 */
public final class EtcdConnection implements RegistryStatus, AutoCloseable {

    /** What a port does to one who speaks TLS where it does not, or the reverse: it closes, or resets what it has not read. */
    private static final Pattern HUNG_UP = Pattern.compile("Network closed|Connection reset|Broken pipe");

    private static final Logger log = LoggerFactory.getLogger(EtcdConnection.class);
    private static final Duration PROBE_PAUSE = Duration.ofMillis(200);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final EtcdOptions options;
    private final ScheduledThreadPoolExecutor executor;
    private final EtcdLoop loop;
    private final ReconnectingApi api;

    /** Creates a connection that has not dialled yet. */
    public EtcdConnection(EtcdOptions options) {
        this.options = options;
        this.executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "grpc-lb-etcd");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // now, where the lack of a thread ends a start, and not below a channel's first call
        executor.prestartCoreThread();
        this.loop = new EtcdLoop(executor, System::nanoTime, new Random());
        loop.execute(() -> useRecordsOnce(options.keySpace()));
        if (options.showsCredentials()) {
            log.warn(
                    "etcd's user '{}' and the password go to {} in plaintext, for all to read on the way: use https",
                    LogText.of(String.valueOf(options.username())),
                    String.join(", ", options.endpoints()));
        }
        this.api =
                new ReconnectingApi(loop, () -> new JetcdClient(options, loop), String.join(", ", options.endpoints()));
    }

    /** Has the classes that records need loaded here, beside what the caller does: a server that starts does not wait for them. */
    private static void useRecordsOnce(KeySpace keys) {
        new EndpointCodec(keys)
                .canonical(Endpoint.builder("name", "localhost", 1).build());
    }

    /** Returns what this was created with. */
    public EtcdOptions options() {
        return options;
    }

    /**
     * Waits until etcd answers. An answer that the user may not read is one: whether the rights suffice is seen in use.
     *
     * @param limit how long to wait at most
     * @throws EtcdUnavailableException if it does not, or refuses the credentials at once; the message has the last
     *     real cause
     */
    public void awaitReachable(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        CompletableFuture<Void> answered = new CompletableFuture<>();
        loop.execute(() -> probe(end, answered));
        try {
            answered.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw unavailable(String.valueOf(cause.getMessage()), cause);
        } catch (TimeoutException e) {
            String because = unreachableBecause();
            throw unavailable(because != null ? because : "no answer within " + limit.toMillis() + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("interrupted", e);
        }
    }

    /**
     * Connects anew, with what {@link EtcdOptions#tls()} then gives: for when certificates were exchanged. What is announced
     * stays so, and what is followed stays known, as leases and lists outlive the connection. Where TLS cannot be set up
     * the connection in use stays, and that is logged. Without it, exchanged certificates are used 5 s after the old ones
     * are not accepted any more. Returns at once.
     */
    public void reconnect() {
        loop.execute(api::reconnect);
    }

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public @Nullable String unreachableBecause() {
        return api.unreachableBecause();
    }

    /** Returns what etcd refuses: the credentials, or access to a key. Refused calls are made again about every 30 s. */
    @Override
    public @Nullable String refusedBecause() {
        return api.refusedBecause();
    }

    /** About half a minute at most while etcd is there and a service is followed or announced. */
    @Override
    public @Nullable Duration sinceLastAnswer() {
        return api.sinceAnswer();
    }

    /** Ends all calls and the thread. Close registrar and source before. Takes up to 2 s. Idempotent. */
    @Override
    public void close() {
        if (executor.isShutdown()) {
            return;
        }
        CompletableFuture<Void> closed = new CompletableFuture<>();
        loop.execute(() -> {
            loop.guard(api::close);
            // what the channel still has to say comes before this
            loop.execute(() -> closed.complete(null));
        });
        try {
            closed.get(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // the thread is stopped all the same
        }
        executor.shutdown();
    }

    public EtcdLoop loop() {
        return loop;
    }

    public EtcdApi api() {
        return api;
    }

    private void probe(long end, CompletableFuture<Void> answered) {
        loop.when(() -> api.probe(options.keySpace().probe()), found -> answered.complete(null), failure -> {
            boolean over = System.nanoTime() + PROBE_PAUSE.toNanos() >= end;
            if (failure.kind() == EtcdException.Kind.AUTHENTICATION || !failure.isAnswer() && over) {
                answered.completeExceptionally(failure);
            } else if (failure.isAnswer()) {
                answered.complete(null);
            } else {
                loop.after(PROBE_PAUSE, () -> probe(end, answered));
            }
        });
    }

    private EtcdUnavailableException unavailable(String why, Throwable cause) {
        String tried = " (endpoints: " + String.join(", ", options.endpoints()) + ")";
        return new EtcdUnavailableException(why + hint(why) + tried, cause);
    }

    private String hint(String why) {
        if (!HUNG_UP.matcher(why).find() || why.contains(EtcdException.WANTS_HTTP)) {
            return "";
        }
        return options.tls() == null
                ? "; does it want https?"
                : EtcdException.WANTS_HTTP + " Or a certificate that it trusts?";
    }
}
