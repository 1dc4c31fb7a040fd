package io.github.grpclb.registration;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ties a server's life to its registration. {@link #started} announces it once its port listens; {@link #stopping} tells clients
 * that it drains, waits until no new call arrives, withdraws it, and then sees its streams end, all before the server itself is shut
 * down, so that no call fails. A server may start again after it stopped. Thread-safe.
 */
public final class ServerRegistration {

    private static final Logger log = LoggerFactory.getLogger(ServerRegistration.class);

    private final EndpointRegistrar registrar;
    private final Drain drain;
    private final QuietPeriod newCalls;
    private final OpenStreams streams;
    private final LongSupplier currentTimeMillis;
    private @Nullable Registration registration;

    /**
     * Creates a registration.
     *
     * @param registrar announces
     * @param drain how the server leaves
     * @param newCalls hears of each call that arrives
     * @param streams hears of each stream that begins and ends
     */
    public ServerRegistration(EndpointRegistrar registrar, Drain drain, QuietPeriod newCalls, OpenStreams streams) {
        this(registrar, drain, newCalls, streams, System::currentTimeMillis);
    }

    ServerRegistration(
            EndpointRegistrar registrar,
            Drain drain,
            QuietPeriod newCalls,
            OpenStreams streams,
            LongSupplier currentTimeMillis) {
        this.registrar = registrar;
        this.drain = drain;
        this.newCalls = newCalls;
        this.streams = streams;
        this.currentTimeMillis = currentTimeMillis;
    }

    /**
     * Announces the server. Returns at once, also when the registry is away.
     *
     * @param announcement what to say of it
     * @param port the port it listens on
     * @throws IllegalStateException if it is announced already
     */
    public synchronized void started(Announcement announcement, int port) {
        if (registration != null) {
            throw new IllegalStateException("already registered: " + registration.endpoint());
        }
        registration = registrar.register(announcement.endpoint(port, currentTimeMillis.getAsLong()));
    }

    /** Returns what is announced, while it is. */
    public synchronized Optional<Registration> registration() {
        return Optional.ofNullable(registration);
    }

    /**
     * Drains and withdraws the server and ends its streams; blocks for as long as {@link Drain} allows. Does nothing when nothing is
     * announced.
     */
    public void stopping() {
        Registration leaving;
        synchronized (this) {
            leaving = registration;
            registration = null;
        }
        if (leaving == null) {
            return;
        }
        Answer toDrain = leaving.state() == Registration.State.REGISTERED ? drain(leaving) : Answer.REFUSED;
        CompletableFuture<Void> withdrawn = leaving.withdraw();
        if (toDrain != Answer.NONE) { // a registry that kept it waiting once is not waited for again
            await("withdraw", leaving.endpoint(), withdrawn, drain.registryTimeout());
        }
        endStreams(leaving.endpoint());
    }

    /** The server has stopped, and may start again. */
    public void stopped() {
        streams.reopen();
    }

    /** What a registry said to a request. */
    private enum Answer {
        DONE,
        REFUSED,
        /** None in time. */
        NONE
    }

    private Answer drain(Registration leaving) {
        Endpoint endpoint = leaving.endpoint();
        CompletableFuture<Void> published = leaving.update(
                endpoint.toBuilder().state(Endpoint.State.DRAINING).build());
        Answer answer = await("mark as draining", endpoint, published, drain.registryTimeout());
        // A registry that does not answer has not told the clients either: nobody would be waited for.
        if (answer == Answer.DONE
                && !drain.quietPeriod().isZero()
                && !newCalls.await(drain.quietPeriod(), drain.timeout())) {
            log.warn(
                    "{} at {} still receives new calls after {} ms; it stops nevertheless",
                    endpoint.service(),
                    endpoint.address(),
                    drain.timeout().toMillis());
        }
        return answer;
    }

    /** Comes after the withdrawal: streams keep nobody from learning that this server is gone. */
    private void endStreams(Endpoint endpoint) {
        int open = streams.count();
        streams.await(drain.streamGrace());
        int ended = streams.closeAll();
        if (open > 0) {
            log.info(
                    "{} at {}: of {} open streams {} were ended after {} ms",
                    endpoint.service(),
                    endpoint.address(),
                    open,
                    ended,
                    drain.streamGrace().toMillis());
        }
    }

    private static Answer await(String what, Endpoint endpoint, CompletableFuture<Void> done, Duration timeout) {
        try {
            done.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return Answer.DONE;
        } catch (TimeoutException | ExecutionException e) {
            Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            log.warn(
                    "Could not {} {} at {} within {} ms: {}; its key is gone when the lease runs out",
                    what,
                    endpoint.service(),
                    endpoint.address(),
                    timeout.toMillis(),
                    cause.toString());
            return e instanceof TimeoutException ? Answer.NONE : Answer.REFUSED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.NONE;
        }
    }
}
