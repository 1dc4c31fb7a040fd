package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.ServiceName;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.Environment;

/**
 * Which services this process calls now, through whatever channels: of several to one service, that which knows the most servers speaks
 * for all. An idle channel calls nobody. Thread-safe.
 *
 * @param live the channels
 * @param process what the process says of itself
 */
record OwnConsumers(LiveEndpoints live, Process process) implements Supplier<Collection<Consumer>> {

    /**
     * What a process says of itself.
     *
     * @param number tells it from others of the same name
     */
    record Process(String application, @Nullable String version, String instance, String number, long startedAt) {

        static Process of(Environment environment, @Nullable String ownVersion, PodSettings pod, long startedAt) {
            String application = text(environment, "spring.application.name");
            String host = text(environment, "HOSTNAME");
            return new Process(
                    cut(application == null ? "unnamed" : application),
                    cutOrNull(ownVersion != null ? ownVersion : text(environment, "spring.application.version")),
                    cut(pod.name()
                            .map(PodSettings.Said::value)
                            .orElseGet(() -> (host == null ? "pid" : host) + ":"
                                    + ProcessHandle.current().pid())),
                    Long.toHexString(ThreadLocalRandom.current().nextLong()),
                    startedAt);
        }

        private static @Nullable String text(Environment environment, String property) {
            return BlankIsAbsent.textOrNull(environment.getProperty(property));
        }

        private static @Nullable String cutOrNull(@Nullable String text) {
            return text == null ? null : cut(text);
        }

        private static String cut(String text) {
            return text.length() <= Consumer.LONGEST ? text : text.substring(0, Consumer.LONGEST);
        }
    }

    @Override
    public Collection<Consumer> get() {
        Map<String, Consumer> byService = new HashMap<>();
        for (LiveEndpoints.Use use : live.uses()) {
            Consumer known = byService.get(use.service());
            if (ServiceName.isValid(use.service()) && (known == null || known.servers() < use.endpoints())) {
                byService.put(use.service(), of(use));
            }
        }
        return byService.values();
    }

    private Consumer of(LiveEndpoints.Use use) {
        return new Consumer(
                use.service(),
                process.application(),
                process.version(),
                process.instance(),
                use.policy() == null ? null : Process.cut(use.policy()),
                use.endpoints(),
                process.startedAt());
    }
}
