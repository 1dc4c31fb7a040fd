package io.github.grpclb.autoconfigure.properties;

import static org.awaitility.Awaitility.await;

/** The thread of the {@link ConfigurationChecks}, for tests of applications. */
public final class ConfigurationChecksThread {

    private ConfigurationChecksThread() {}

    /** Waits until the applications that have started have been looked through for what has no effect. */
    public static void awaitEnd() {
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals(ConfigurationChecks.THREAD)));
    }
}
