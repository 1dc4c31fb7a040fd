package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;

/**
 * Warns of what is configured and has no effect, once the application is ready: on a thread of its own, as it reads the names of all
 * properties, which nobody needs to wait for.
 */
@Internal
public final class ConfigurationChecks implements ApplicationListener<ApplicationReadyEvent> {

    /** The thread's name; it ends by itself. */
    static final String THREAD = "grpc-lb-configuration";

    private static final Logger log = LoggerFactory.getLogger(ConfigurationChecks.class);

    private final ObjectProvider<ConfigurationCheck> checks;

    public ConfigurationChecks(ObjectProvider<ConfigurationCheck> checks) {
        this.checks = checks;
    }

    @Override
    public void onApplicationEvent(ApplicationReadyEvent event) {
        try {
            new Thread(this::warn, THREAD).start();
        } catch (OutOfMemoryError e) {
            log.debug("The configuration is not looked through", e); // a start does not fail for it
        }
    }

    private void warn() {
        try {
            checks.orderedStream().forEach(ConfigurationChecks::warn);
        } catch (RuntimeException e) {
            log.debug("The configuration is not looked through", e); // the application is closed already
        }
    }

    private static void warn(ConfigurationCheck check) {
        try {
            check.warnings().forEach(log::warn);
        } catch (RuntimeException e) {
            log.debug("The configuration cannot be looked through", e); // a property source of somebody else's
        }
    }
}
