package io.github.grpclb.autoconfigure;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ApplicationContext;

/**
 * Observers of what is made before Spring has all of its bean post-processors. An observer that needs a meter registry would have it
 * made too early. So what there is to observe is kept, and told when all singletons are made; then the observer hears directly. Not
 * the first event fetches it: that may come on a thread for which the one that makes beans is waiting.
 */
final class EarlyObserver implements SmartInitializingSingleton {

    private final ApplicationContext context;
    private final List<Runnable> openings = new ArrayList<>();

    EarlyObserver(ApplicationContext context) {
        this.context = context;
    }

    /** Returns the observer of a kind, or one that stands for it until it can be made; null if there is none. */
    <T> @Nullable T of(Class<T> type, ObjectProvider<T> observers) {
        if (!DeferredInterceptors.isEarly(context)) {
            return observers.getIfAvailable();
        }
        if (context.getBeanNamesForType(type, true, false).length == 0) {
            return null;
        }
        Deferred<T> deferred = new Deferred<>();
        openings.add(() -> deferred.open(observers.getIfAvailable()));
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> deferred.hear(method, args)));
    }

    @Override
    public void afterSingletonsInstantiated() {
        openings.forEach(Runnable::run);
        openings.clear();
    }

    /** Thread-safe. Events of several threads may be told in another order than they came in. */
    private static final class Deferred<T> {

        private final List<Event> kept = new ArrayList<>();
        private volatile boolean opened;
        private volatile @Nullable T observer;

        private record Event(Method method, Object @Nullable [] args) {}

        @Nullable
        Object hear(Method method, Object @Nullable [] args) throws Throwable {
            if (method.getDeclaringClass() == Object.class) {
                return method.invoke(this, args);
            }
            if (!opened) {
                synchronized (kept) {
                    if (!opened) {
                        kept.add(new Event(method, args));
                        return null;
                    }
                }
            }
            tell(method, args);
            return null;
        }

        void open(@Nullable T made) {
            observer = made;
            List<Event> before;
            synchronized (kept) {
                opened = true;
                before = List.copyOf(kept);
                kept.clear();
            }
            for (Event event : before) {
                try {
                    tell(event.method(), event.args());
                } catch (Throwable ignored) {
                    // what an observer throws concerns nobody else
                }
            }
        }

        private void tell(Method method, Object @Nullable [] args) throws Throwable {
            T heard = observer;
            if (heard != null) {
                try {
                    method.invoke(heard, args);
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
            }
        }
    }
}
