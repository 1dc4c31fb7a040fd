package io.github.grpclb.override;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RecordCatalog;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endpoints of a registry with what operators override of them. While nothing is overridden the registry's lists pass through as they
 * are.
 *
 * <p>An override ends as soon as it is told of no more, and by itself at its time, also while the registry is away: by monotonic time
 * from when it was first seen. Whoever subscribes first waits up to half a second for the first word about overrides, so that no call
 * goes where none is to go; where that word does not come, it is not waited for again until it has come once.
 *
 * <p>Thread-safe. Listeners are called on the loop's thread.
 */
public final class OverriddenSource implements EndpointSource {

    /** How long a first list waits for the first word about overrides. */
    static final Duration PATIENCE = Duration.ofMillis(500);

    /** When a listener that threw is told again. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** What is taken back so shortly before its end has ended by itself: leases count in seconds. */
    private static final Duration AT_ITS_END = Duration.ofSeconds(2);

    private static final int MAX_LINES = 20;

    private static final Logger log = LoggerFactory.getLogger(OverriddenSource.class);

    private final EndpointSource registry;
    private final OverrideSource overrides;
    private final OverrideObserver observer;
    private final RegistryLoop loop;
    private final Ends ends;

    /** Those that are followed, by name; on the loop's thread. */
    private final Map<String, Service> services = new HashMap<>();

    /** By service; of those that are followed and have any. */
    private final Map<String, List<Override>> inForce = new ConcurrentHashMap<>();

    /** Whether the first word about a service's overrides is worth waiting for; on the loop's thread. */
    private boolean answers = true;

    /**
     * Creates a source.
     *
     * @param registry is closed with this
     * @param overrides is closed with this
     * @param observer hears which overrides act
     * @param loop that of the registry; stays the caller's
     */
    public OverriddenSource(
            EndpointSource registry, OverrideSource overrides, OverrideObserver observer, RegistryLoop loop) {
        this(registry, overrides, observer, loop, InstantSource.system());
    }

    OverriddenSource(
            EndpointSource registry,
            OverrideSource overrides,
            OverrideObserver observer,
            RegistryLoop loop,
            InstantSource clock) {
        this.registry = registry;
        this.overrides = overrides;
        this.observer = observer;
        this.loop = loop;
        this.ends = new Ends(loop::now, clock);
    }

    /** Returns which overrides act on the services that are followed now, by service; in order of their names. */
    public Map<String, List<Override>> inForce() {
        return Map.copyOf(inForce);
    }

    @java.lang.Override
    public String scheme() {
        return registry.scheme();
    }

    @java.lang.Override
    public @Nullable ServiceCatalog catalog() {
        return registry.catalog();
    }

    @java.lang.Override
    public @Nullable RecordCatalog records() {
        return registry.records();
    }

    @java.lang.Override
    public AddressRules addressRules() {
        return registry.addressRules();
    }

    @java.lang.Override
    public Subscription subscribe(String service, EndpointListener listener) {
        Subscriber subscriber = new Subscriber(service, listener);
        loop.execute(subscriber::join); // before what the registry brings
        try {
            subscriber.registered = registry.subscribe(service, subscriber);
        } catch (RuntimeException | Error e) {
            subscriber.close();
            throw e;
        }
        return subscriber;
    }

    @java.lang.Override
    public void close() {
        registry.close();
        overrides.close();
    }

    /** A followed service: its overrides, and what they make of its lists. For the loop's thread. */
    private final class Service {

        private final String name;
        private final List<Subscriber> subscribers = new ArrayList<>();
        private final Alarm nextEnd = new Alarm(loop);
        private OverrideSource.@Nullable Subscription subscription;
        private List<Override> told = List.of();
        private List<Override> acting = List.of();

        /** Whether overrides are known, or are waited for no longer. */
        private boolean ready;

        private @Nullable EndpointSnapshot lastRegistered;
        private @Nullable EndpointSnapshot lastApplied;

        /** What is not as it is registered in the last list, by what is registered. */
        private Map<Endpoint, Endpoint> changed = new IdentityHashMap<>();

        Service(String name) {
            this.name = name;
        }

        void follow() {
            if (answers) {
                loop.after(PATIENCE, this::waitNoLonger);
            } else {
                ready = true;
            }
            loop.foreign(() -> subscription = overrides.subscribe(name, list -> loop.execute(() -> take(list))));
        }

        private void waitNoLonger() {
            if (!ready && services.get(name) == this) {
                answers = false;
                beReady();
            }
        }

        private void beReady() {
            ready = true;
            List.copyOf(subscribers).forEach(Subscriber::release);
        }

        private void take(List<Override> list) {
            if (services.get(name) != this) {
                return;
            }
            answers = true;
            told = List.copyOf(list);
            look();
            ends.keepOnly(name, told);
            ends.prune();
            if (!ready) {
                beReady();
            }
        }

        /** Looks which overrides act now, and for how long. */
        private void look() {
            List<Override> now = new ArrayList<>();
            Duration next = null;
            for (Override each : told) {
                Duration left = ends.left(each);
                if (!left.isNegative() && !left.isZero()) {
                    now.add(each);
                    next = next == null || left.compareTo(next) < 0 ? left : next;
                } else if (ends.isLate(each) && loop.logLimit().isNew(OverriddenSource.class, each)) {
                    log.warn(
                            "{}: {} does not act: by the clock of this machine it ended at {}, yet the registry holds it: a clock is wrong, or its key has no lease and stays until it is deleted",
                            LogText.of(name),
                            text(each),
                            each.until());
                }
            }
            if (next == null) {
                nextEnd.cancel();
            } else {
                nextEnd.set(next, this::look);
            }
            if (now.equals(acting)) {
                return;
            }
            List<Override> before = acting;
            acting = List.copyOf(now);
            lastRegistered = null;
            if (acting.isEmpty()) {
                inForce.remove(name);
            } else {
                inForce.put(name, acting);
            }
            tellOfChange(before);
            List.copyOf(subscribers).forEach(Subscriber::apply);
        }

        private void tellOfChange(List<Override> before) {
            List<String> lines = new ArrayList<>();
            Map<String, Override> named = new HashMap<>();
            acting.forEach(each -> named.put(each.name(), each));
            for (Override each : before) {
                if (!named.containsKey(each.name())) {
                    boolean byItself = ends.left(each).compareTo(AT_ITS_END) <= 0;
                    lines.add((byItself ? "override ended: " : "override taken back: ") + text(each));
                    loop.foreign(() -> observer.ended(each, byItself));
                }
            }
            for (Override each : acting) {
                if (!before.contains(each)) {
                    lines.add("overridden: " + text(each));
                    loop.foreign(() -> observer.begun(each));
                }
            }
            if (lines.size() > MAX_LINES) {
                log.info("{}: {} overrides began or ended", LogText.of(name), lines.size());
            } else {
                lines.forEach(line -> log.info("{}: {}", LogText.of(name), line));
            }
        }

        private static String text(Override override) {
            return LogText.of(override.name()) + " ("
                    + LogText.of(override.selector().toString()) + "): " + LogText.of(override.describe());
        }

        /** Returns a list with overrides. All subscribers have the same list, and so the same objects. */
        EndpointSnapshot applied(EndpointSnapshot registered) {
            EndpointSnapshot known = lastApplied;
            if (registered == lastRegistered && known != null) {
                return known;
            }
            EndpointSnapshot applied = withObjectsOfBefore(registered, Precedence.apply(registered, acting));
            lastRegistered = registered;
            lastApplied = applied;
            return applied;
        }

        private EndpointSnapshot withObjectsOfBefore(EndpointSnapshot registered, EndpointSnapshot applied) {
            Map<Endpoint, Endpoint> before = changed;
            changed = new IdentityHashMap<>();
            if (applied == registered) {
                return applied;
            }
            List<Endpoint> endpoints = new ArrayList<>(applied.endpoints().size());
            for (int i = 0; i < applied.endpoints().size(); i++) {
                Endpoint plain = registered.endpoints().get(i);
                Endpoint now = applied.endpoints().get(i);
                if (now != plain) {
                    Endpoint then = before.get(plain);
                    now = now.equals(then) ? then : now;
                    changed.put(plain, now);
                }
                endpoints.add(now);
            }
            return new EndpointSnapshot(applied.service(), applied.revision(), endpoints, applied.balancing());
        }

        void remove(Subscriber subscriber) {
            if (subscribers.remove(subscriber) && subscribers.isEmpty()) {
                services.remove(name);
                inForce.remove(name);
                nextEnd.cancel();
                OverrideSource.Subscription last = subscription;
                if (last != null) {
                    loop.foreign(last::close);
                }
            }
        }
    }

    /** A listener's hold: what the registry tells it goes by here. */
    private final class Subscriber implements Subscription, EndpointListener {

        private final String name;
        private final EndpointListener listener;
        private volatile @Nullable Subscription registered;
        private volatile boolean ended;

        // on the loop's thread
        private @Nullable Service service;
        private @Nullable EndpointSnapshot list;
        private @Nullable EndpointSnapshot delivered;
        private @Nullable String unavailable;
        private final Deque<Runnable> held = new ArrayDeque<>();
        private @Nullable UnusedRecords unused;
        private boolean unreachable;
        private boolean owed;

        Subscriber(String name, EndpointListener listener) {
            this.name = name;
            this.listener = listener;
        }

        private void join() {
            if (!ended) {
                Service known = services.get(name);
                Service joined = known != null ? known : new Service(name);
                service = joined;
                joined.subscribers.add(this);
                if (known == null) {
                    services.put(name, joined);
                    joined.follow();
                }
            }
        }

        @java.lang.Override
        public void refresh() {
            Subscription subscription = registered;
            if (subscription != null) {
                subscription.refresh();
            }
        }

        @java.lang.Override
        public void close() {
            if (!ended) {
                ended = true;
                Subscription subscription = registered;
                if (subscription != null) {
                    subscription.close();
                }
                loop.execute(() -> {
                    held.clear();
                    if (service != null) {
                        service.remove(this);
                    }
                });
            }
        }

        @java.lang.Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            inOrder(() -> {
                list = snapshot;
                apply();
            });
        }

        @java.lang.Override
        public void onUnavailable(String reason) {
            inOrder(() -> {
                unavailable = reason;
                tell(() -> listener.onUnavailable(reason));
            });
        }

        @java.lang.Override
        public void onDeregistered(Endpoint endpoint) {
            inOrder(() -> tell(() -> listener.onDeregistered(endpoint)));
        }

        @java.lang.Override
        public void onUnused(UnusedRecords records) {
            inOrder(() -> {
                unused = records;
                tell(() -> listener.onUnused(records));
            });
        }

        @java.lang.Override
        public void onReachable(boolean reachable) {
            inOrder(() -> {
                unreachable = !reachable;
                tell(() -> listener.onReachable(reachable));
            });
        }

        /** While overrides are waited for, everything waits, as its order matters. */
        private void inOrder(Runnable task) {
            loop.execute(() -> {
                if (service == null || ended) {
                    return;
                }
                if (service.ready) {
                    task.run();
                } else {
                    held.add(task);
                }
            });
        }

        private void release() {
            for (Runnable next = held.poll(); next != null && !ended; next = held.poll()) {
                next.run();
            }
        }

        /** Tells the last list with the overrides of now, unless that is what was told. */
        private void apply() {
            EndpointSnapshot snapshot = list;
            if (snapshot == null || service == null || !service.ready) {
                return;
            }
            EndpointSnapshot applied = service.applied(snapshot);
            if (!applied.equals(delivered)) {
                delivered = applied;
                tell(() -> listener.onEndpoints(applied));
            }
        }

        private void tell(Runnable what) {
            // by one place, whatever it is: what a listener throws is logged once
            if (!ended && !loop.foreign(() -> what.run()) && !owed) {
                owed = true;
                loop.after(RETRY, this::tellAgain);
            }
        }

        private void tellAgain() {
            owed = false;
            EndpointSnapshot last = delivered;
            UnusedRecords left = unused;
            String reason = unavailable;
            if (last != null) {
                tell(() -> {
                    if (left != null) {
                        listener.onUnused(left);
                    }
                    listener.onEndpoints(last);
                    listener.onReachable(!unreachable);
                });
            } else if (reason != null) {
                tell(() -> listener.onUnavailable(reason));
            }
        }
    }
}
