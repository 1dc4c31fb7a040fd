package io.github.grpclb.autoconfigure;

import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.override.OverrideObserver;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Observers that are asked for when all singletons are made, not when a channel is: they need the meter registry, which may need beans
 * that have a stub, and which is complete only when all of the application's bean post-processors are there. What there is to hear before
 * is kept, and told then. It is not the first event that fetches them: that comes on a thread of its own, for which the one that makes
 * the beans may be waiting.
 */
final class DeferredObservers implements SmartInitializingSingleton {

    private final ConfigurableApplicationContext context;
    private final List<Runnable> openings = new ArrayList<>();

    DeferredObservers(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** Returns the observer of picks; null where there is none, which costs nothing. */
    @Nullable
    PickObserver ofPicks() {
        Deferred<PickObserver> observer = deferred(PickObserver.class);
        return observer == null ? null : new OfPicks(observer);
    }

    /** Returns the observer of the registry; {@link RegistryObserver#NONE} where there is none. */
    RegistryObserver ofRegistry() {
        Deferred<RegistryObserver> observer = deferred(RegistryObserver.class);
        return observer == null ? RegistryObserver.NONE : new OfRegistry(observer);
    }

    /** Returns the observers of overrides, all that there are; {@link OverrideObserver#NONE} where there is none. */
    OverrideObserver ofOverrides() {
        Deferred<List<OverrideObserver>> observers =
                deferred(OverrideObserver.class, () -> context.getBeanProvider(OverrideObserver.class)
                        .orderedStream()
                        .toList());
        return observers == null ? OverrideObserver.NONE : new OfOverrides(observers);
    }

    /** Returns a bean when all singletons are made; null before, and where there is none. */
    <T> Supplier<@Nullable T> later(Class<T> type) {
        Deferred<T> deferred = deferred(type);
        return deferred == null ? () -> null : deferred::get;
    }

    @Override
    public void afterSingletonsInstantiated() {
        openings.forEach(Runnable::run);
        openings.clear();
    }

    private <T> @Nullable Deferred<T> deferred(Class<T> type) {
        return deferred(type, () -> context.getBean(type));
    }

    private <T> @Nullable Deferred<T> deferred(Class<?> type, Supplier<T> made) {
        if (context.getBeanNamesForType(type, true, false).length == 0) {
            return null;
        }
        Deferred<T> deferred = new Deferred<>();
        Runnable opening = () -> deferred.open(made.get());
        if (context.isRunning()) {
            opening.run(); // a channel that is made lazily, long after the start
        } else {
            openings.add(opening);
        }
        return deferred;
    }

    /** An observer, or what it will be told. Events of several threads may be told in another order than they came in. Thread-safe. */
    private static final class Deferred<T> {

        private final List<Consumer<T>> kept = new ArrayList<>();
        private volatile @Nullable T observer;

        /** Returns the observer, null while there is none. */
        @Nullable
        T get() {
            return observer;
        }

        /** Tells the observer now, or when there is one. */
        void tell(Consumer<T> event) {
            T made = observer;
            if (made != null) {
                event.accept(made);
            } else {
                keep(event);
            }
        }

        void keep(Consumer<T> event) {
            T made;
            synchronized (kept) {
                made = observer;
                if (made == null) {
                    kept.add(event);
                }
            }
            if (made != null) {
                event.accept(made);
            }
        }

        void open(T made) {
            List<Consumer<T>> before;
            synchronized (kept) {
                observer = made;
                before = List.copyOf(kept);
                kept.clear();
            }
            before.forEach(event -> event.accept(made));
        }
    }

    private record OfPicks(Deferred<PickObserver> deferred) implements PickObserver {

        @Override
        public void callStarted(Endpoint endpoint, String policy) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.callStarted(endpoint, policy);
            } else {
                deferred.keep(later -> later.callStarted(endpoint, policy));
            }
        }

        @Override
        public void callFinished(
                Endpoint endpoint, String policy, Status.Code status, CallOutcome outcome, long nanos) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.callFinished(endpoint, policy, status, outcome, nanos);
            } else {
                deferred.keep(later -> later.callFinished(endpoint, policy, status, outcome, nanos));
            }
        }

        @Override
        public void pickFailed(String service, String policy, Failure failure) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.pickFailed(service, policy, failure);
            } else {
                deferred.keep(later -> later.pickFailed(service, policy, failure));
            }
        }

        @Override
        public void pickDelayed(String service, String policy, Delay delay) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.pickDelayed(service, policy, delay);
            } else {
                deferred.keep(later -> later.pickDelayed(service, policy, delay));
            }
        }

        @Override
        public void firstList(String service, long nanos) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.firstList(service, nanos);
            } else {
                deferred.keep(later -> later.firstList(service, nanos));
            }
        }

        @Override
        public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.endpointsChanged(service, before, now);
            } else {
                deferred.keep(later -> later.endpointsChanged(service, before, now));
            }
        }

        @Override
        public void endpointsSuspected(String service, int endpoints) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.endpointsSuspected(service, endpoints);
            } else {
                deferred.keep(later -> later.endpointsSuspected(service, endpoints));
            }
        }

        @Override
        public void endpointEjected(String service) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.endpointEjected(service);
            } else {
                deferred.keep(later -> later.endpointEjected(service));
            }
        }

        @Override
        public void panicChanged(String service, int before, int now) {
            PickObserver observer = deferred.get();
            if (observer != null) {
                observer.panicChanged(service, before, now);
            } else {
                deferred.keep(later -> later.panicChanged(service, before, now));
            }
        }
    }

    private record OfOverrides(Deferred<List<OverrideObserver>> deferred) implements OverrideObserver {

        @Override
        public void begun(io.github.grpclb.override.Override override) {
            deferred.tell(observers -> observers.forEach(observer -> observer.begun(override)));
        }

        @Override
        public void ended(io.github.grpclb.override.Override override, boolean byItself) {
            deferred.tell(observers -> observers.forEach(observer -> observer.ended(override, byItself)));
        }
    }

    private record OfRegistry(Deferred<RegistryObserver> deferred) implements RegistryObserver {

        @Override
        public void registered(Endpoint endpoint) {
            RegistryObserver observer = deferred.get();
            if (observer != null) {
                observer.registered(endpoint);
            } else {
                deferred.keep(later -> later.registered(endpoint));
            }
        }

        @Override
        public void seen(Endpoint endpoint, Duration lag) {
            RegistryObserver observer = deferred.get();
            if (observer != null) {
                observer.seen(endpoint, lag);
            } else {
                deferred.keep(later -> later.seen(endpoint, lag));
            }
        }

        @Override
        public void lost(Endpoint endpoint, Loss reason) {
            RegistryObserver observer = deferred.get();
            if (observer != null) {
                observer.lost(endpoint, reason);
            } else {
                deferred.keep(later -> later.lost(endpoint, reason));
            }
        }

        @Override
        public void conflict(Endpoint endpoint, String why) {
            RegistryObserver observer = deferred.get();
            if (observer != null) {
                observer.conflict(endpoint, why);
            } else {
                deferred.keep(later -> later.conflict(endpoint, why));
            }
        }

        @Override
        public void watchRestarted(String service, Restart reason) {
            RegistryObserver observer = deferred.get();
            if (observer != null) {
                observer.watchRestarted(service, reason);
            } else {
                deferred.keep(later -> later.watchRestarted(service, reason));
            }
        }

        @Override
        public void recordSkipped(String service) {
            RegistryObserver observer = deferred.get();
            if (observer != null) {
                observer.recordSkipped(service);
            } else {
                deferred.keep(later -> later.recordSkipped(service));
            }
        }

        @Override
        public void massChange(String service) {
            RegistryObserver observer = deferred.get();
            if (observer != null) {
                observer.massChange(service);
            } else {
                deferred.keep(later -> later.massChange(service));
            }
        }
    }
}
