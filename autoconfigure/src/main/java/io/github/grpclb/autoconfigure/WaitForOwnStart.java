package io.github.grpclb.autoconfigure;

import io.github.grpclb.client.ChannelSetup;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.event.ApplicationContextEvent;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.context.event.ContextStartedEvent;

/**
 * Has clients wait for a first server when the application has started, and when it goes on after a pause: what it calls may be a
 * server of its own, which has registered itself only now. Spring pauses contexts of tests that it keeps for later.
 */
final class WaitForOwnStart implements InlineListener<ApplicationContextEvent> {

    private final ObjectProvider<ChannelSetup> setup;

    WaitForOwnStart(ObjectProvider<ChannelSetup> setup) {
        this.setup = setup;
    }

    @Override
    public void onApplicationEvent(ApplicationContextEvent event) {
        if (event instanceof ContextRefreshedEvent || event instanceof ContextStartedEvent) {
            setup.ifAvailable(ChannelSetup::waitAnew);
        }
    }
}
