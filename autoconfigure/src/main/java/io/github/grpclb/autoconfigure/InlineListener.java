package io.github.grpclb.autoconfigure;

import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;

/**
 * Hears of events in the thread that publishes them, also where the application has them delivered by other threads: who publishes them
 * goes on when their listeners have returned, such as a host that shuts its server down, and states have an order.
 *
 * @param <E> the events
 */
@FunctionalInterface
public interface InlineListener<E extends ApplicationEvent> extends ApplicationListener<E> {

    @Override
    default boolean supportsAsyncExecution() {
        return false;
    }
}
