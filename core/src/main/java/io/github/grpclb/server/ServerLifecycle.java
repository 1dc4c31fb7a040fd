package io.github.grpclb.server;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ties a server's life to its registration, under one service's name or several. {@link #started} announces it once its port
 * listens; {@link #stopping} tells clients that it drains, waits until no new call arrives, withdraws it, and then sees its streams
 * end, all before the server itself is shut down, so that no call fails. A server may start again after it stopped.
 *
 * <p>A server that {@linkplain #accepting does not accept} calls is not announced before it does; one that was announced drains until
 * it accepts again. One that somebody {@linkplain #drain drains} goes on, and turns its clients away until that {@linkplain #endDrain
 * ends}. Thread-safe.
 */
public final class ServerLifecycle {

    private static final Logger log = LoggerFactory.getLogger(ServerLifecycle.class);

    private final EndpointRegistrar registrar;
    private final DrainOptions drain;
    private final LongSupplier currentTimeMillis;
    private final LongSupplier nanoTime;
    private final List<DrainListener> listeners = new CopyOnWriteArrayList<>();

    /** Held while listeners are told, so that they hear of drains in order; never by whoever starts or stops the server. */
    private final Object telling = new Object();

    private boolean accepting = true;
    private @Nullable Running running;
    private @Nullable RequestedDrain requested;

    /** A server between its start and its stop. */
    private record Running(List<Endpoint> endpoints, ServerTraffic traffic, List<Registration> registrations) {}

    /**
     * Creates a registration.
     *
     * @param registrar announces
     * @param drain how the server leaves
     */
    public ServerLifecycle(EndpointRegistrar registrar, DrainOptions drain) {
        this(registrar, drain, System::currentTimeMillis, System::nanoTime);
    }

    ServerLifecycle(
            EndpointRegistrar registrar, DrainOptions drain, LongSupplier currentTimeMillis, LongSupplier nanoTime) {
        this.registrar = registrar;
        this.drain = drain;
        this.currentTimeMillis = currentTimeMillis;
        this.nanoTime = nanoTime;
    }

    /** Has somebody told of each drain that is asked for while the server goes on. */
    public void onDrain(DrainListener listener) {
        listeners.add(listener);
    }

    /**
     * Announces the server, once it accepts calls. Returns at once, also when the registry is away.
     *
     * @param announcement what to say of it
     * @param port the port it listens on
     * @param traffic what arrives at it
     * @throws IllegalStateException if a server has started already and not stopped
     */
    public synchronized void started(Announcement announcement, int port, ServerTraffic traffic) {
        if (running != null) {
            throw new IllegalStateException("already registered: " + running.endpoints());
        }
        List<Endpoint> endpoints = announcement.endpoints(port, currentTimeMillis.getAsLong());
        running = new Running(endpoints, traffic, accepting ? register(endpoints) : List.of());
        if (!accepting) {
            log.info("Not registered yet: {} waits until the application is ready", named(endpoints));
        }
    }

    /**
     * Says whether the server is to be called; it is, unless this has said otherwise. Returns at once. One that is to be called no
     * more is not withdrawn: its key, its lease and what clients know of it stay, and where all servers refuse at once, clients go on
     * calling them rather than nobody.
     *
     * @param accepting whether it is
     */
    public synchronized void accepting(boolean accepting) {
        if (this.accepting == accepting) {
            return;
        }
        this.accepting = accepting;
        Running now = running;
        if (now == null) {
            return;
        }
        if (now.registrations().isEmpty()) { // it never accepted a call since it started
            running = new Running(now.endpoints(), now.traffic(), register(inState(wantedState(), now.endpoints())));
            return;
        }
        Endpoint.State state = wantedState();
        log.info(
                "{} {}",
                named(now.endpoints()),
                state == Endpoint.State.UP
                        ? "takes calls again"
                        : accepting ? "drains, as was asked for" : "drains until the application is ready again");
        now.registrations().forEach(registration -> update(registration, state));
    }

    /**
     * Turns the server's clients away, as when it stops; but it goes on, and stays announced, until it stops or {@link #endDrain} takes
     * this back. Returns at once, also when the registry is away. A stop that follows does not wait anew. Idempotent.
     *
     * @return how far it is
     */
    public DrainStatus drain() {
        synchronized (telling) {
            synchronized (this) {
                Running now = running;
                if (now == null || requested != null) {
                    return drainStatus();
                }
                log.info("{} drains, as was asked for", named(now.endpoints()));
                requested = request(now);
            }
            listeners.forEach(listener -> listener.draining(true));
        }
        return drainStatus();
    }

    /** Tells the registry of all; it is waited for where it has announced the server, which it may be about to else. */
    private RequestedDrain request(Running now) {
        List<Registration> all = now.registrations();
        List<Registration> registered = all.stream()
                .filter(registration -> registration.state() == Registration.State.REGISTERED)
                .toList();
        List<Registration> awaited = registered.isEmpty() ? all : registered;
        List<CompletableFuture<Void>> updates = new ArrayList<>();
        for (Registration registration : all) {
            CompletableFuture<Void> update = update(registration, Endpoint.State.DRAINING);
            if (awaited.contains(registration)) {
                updates.add(update);
            }
        }
        return new RequestedDrain(
                now.traffic(),
                drain,
                nanoTime,
                updates,
                awaited.stream().map(Registration::hasOthers).toList());
    }

    /**
     * Takes a {@linkplain #drain drain} back: the server takes calls again, unless it does not accept them. Returns at once. Does
     * nothing where none was asked for.
     *
     * @return how it is now
     */
    public DrainStatus endDrain() {
        synchronized (telling) {
            synchronized (this) {
                RequestedDrain ending = requested;
                Running now = running;
                if (now == null || ending == null) {
                    return drainStatus();
                }
                ending.end();
                requested = null;
                log.info("{} takes calls again, as was asked for", named(now.endpoints()));
                now.registrations().forEach(registration -> update(registration, wantedState()));
            }
            listeners.forEach(listener -> listener.draining(false));
        }
        return drainStatus();
    }

    /** Returns how far the drain is that somebody asked for. */
    public synchronized DrainStatus drainStatus() {
        Running now = running;
        RequestedDrain asked = requested;
        if (asked != null) {
            return asked.status();
        }
        boolean absent = now == null || now.registrations().isEmpty();
        int open = now == null ? 0 : now.traffic().streams().count();
        return new DrainStatus(absent ? DrainStatus.State.ABSENT : DrainStatus.State.NONE, null, false, null, open);
    }

    /**
     * Blocks until a stop of the server would not wait any longer for its clients to turn away, for as long as {@link DrainOptions}
     * allows, or until the thread is interrupted (its interrupt status stays set). Returns at once where no drain was asked for.
     *
     * @return how far the drain is
     */
    public DrainStatus awaitDrain() {
        RequestedDrain asked;
        synchronized (this) {
            asked = requested;
        }
        if (asked != null) {
            asked.await();
        }
        return drainStatus();
    }

    private Endpoint.State wantedState() {
        return accepting && requested == null ? Endpoint.State.UP : Endpoint.State.DRAINING;
    }

    private static List<Endpoint> inState(Endpoint.State state, List<Endpoint> endpoints) {
        return endpoints.stream()
                .map(endpoint -> endpoint.toBuilder().state(state).build())
                .toList();
    }

    /** Returns what is announced first, while it is. */
    public Optional<Registration> registration() {
        return registrations().stream().findFirst();
    }

    /** Returns what is announced, one entry a service; nothing while nothing is. */
    public synchronized List<Registration> registrations() {
        return running == null ? List.of() : running.registrations();
    }

    /** Says whether a server runs that is not announced because it accepts no calls yet. */
    public synchronized boolean isWaiting() {
        return running != null && running.registrations().isEmpty();
    }

    /**
     * Drains and withdraws the server and ends its streams; blocks for as long as {@link DrainOptions} allows. Does nothing when nothing is
     * announced.
     */
    public void stopping() {
        Running leaving;
        RequestedDrain asked;
        synchronized (this) {
            leaving = running;
            asked = requested;
            running = null;
            requested = null;
        }
        if (leaving == null || leaving.registrations().isEmpty()) {
            return;
        }
        boolean answered = drain(leaving);
        if (asked != null) {
            asked.end();
        }
        List<CompletableFuture<Void>> withdrawn =
                leaving.registrations().stream().map(Registration::withdraw).toList();
        if (answered) { // a registry that kept it waiting once is not waited for again
            await("withdraw", leaving.registrations(), withdrawn);
        }
        endStreams(leaving);
    }

    private List<Registration> register(List<Endpoint> endpoints) {
        List<Registration> registrations = new ArrayList<>();
        try {
            endpoints.forEach(endpoint -> registrations.add(registrar.register(endpoint)));
        } catch (RuntimeException e) {
            registrations.forEach(Registration::withdraw);
            throw e;
        }
        return List.copyOf(registrations);
    }

    private static CompletableFuture<Void> update(Registration registration, Endpoint.State state) {
        return registration.update(
                registration.endpoint().toBuilder().state(state).build());
    }

    /** Returns whether the registry has answered, whatever it said. */
    private boolean drain(Running leaving) {
        List<Registration> announced = leaving.registrations().stream()
                .filter(registration -> registration.state() == Registration.State.REGISTERED)
                .toList();
        List<CompletableFuture<Boolean>> others =
                announced.stream().map(Registration::hasOthers).toList();
        Answers answers = await(
                "mark as draining",
                announced,
                announced.stream()
                        .map(registration -> update(registration, Endpoint.State.DRAINING))
                        .toList());
        // A registry that does not answer has not told the clients either: nobody would be waited for.
        if (answers.anyDone()
                && !drain.quietPeriod().isZero()
                && anyone(others)
                && !leaving.traffic().newCalls().await(drain.quietPeriod(), drain.timeout())) {
            log.warn(
                    "{} still receives new calls after {} ms; it stops nevertheless",
                    named(leaving.endpoints()),
                    drain.timeout().toMillis());
        }
        return answers.inTime();
    }

    /** Calls turn to another server while this one drains; where there is none, waiting would only put their end off. */
    private boolean anyone(List<CompletableFuture<Boolean>> others) {
        try {
            for (CompletableFuture<Boolean> other : others) {
                if (other.get(drain.registryTimeout().toNanos(), TimeUnit.NANOSECONDS)) {
                    return true;
                }
            }
            return false;
        } catch (TimeoutException | ExecutionException e) {
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Comes after the withdrawal: streams keep nobody from learning that this server is gone. */
    private void endStreams(Running leaving) {
        OpenStreams streams = leaving.traffic().streams();
        int open = streams.count();
        streams.await(drain.streamGrace());
        int ended = streams.closeAll();
        if (open > 0) {
            log.info(
                    "{}: of {} open streams {} were ended after {} ms",
                    named(leaving.endpoints()),
                    open,
                    ended,
                    drain.streamGrace().toMillis());
        }
    }

    /**
     * What a registry said to some requests.
     *
     * @param anyDone whether it did one of them
     * @param inTime whether it answered all of them in time
     */
    private record Answers(boolean anyDone, boolean inTime) {}

    /** Waits for all of them together no longer than for one. */
    private Answers await(String what, List<Registration> registrations, List<CompletableFuture<Void>> requests) {
        long end = System.nanoTime() + drain.registryTimeout().toNanos();
        boolean anyDone = false;
        boolean inTime = true;
        for (int i = 0; i < requests.size(); i++) {
            Endpoint endpoint = registrations.get(i).endpoint();
            try {
                requests.get(i).get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
                anyDone = true;
            } catch (TimeoutException | ExecutionException e) {
                Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
                log.warn(
                        "Could not {} {} at {} within {} ms: {}; its key is gone when the lease runs out",
                        what,
                        endpoint.service(),
                        endpoint.address(),
                        drain.registryTimeout().toMillis(),
                        cause.toString());
                inTime &= !(e instanceof TimeoutException);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Answers(anyDone, false);
            }
        }
        return new Answers(anyDone, inTime);
    }

    private static String named(List<Endpoint> endpoints) {
        String services = endpoints.stream().map(Endpoint::service).collect(Collectors.joining(", "));
        return services + " at " + endpoints.get(0).address();
    }
}
