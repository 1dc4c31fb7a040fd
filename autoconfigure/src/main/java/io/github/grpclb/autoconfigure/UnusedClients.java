package io.github.grpclb.autoconfigure;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.Environment;

/**
 * Warns of clients that are configured and that no stub or channel has been made for by the time the application is ready. Where beans
 * are made lazily nobody can know yet, and nothing is said.
 */
final class UnusedClients implements ApplicationListener<ApplicationReadyEvent> {

    private static final Logger log = LoggerFactory.getLogger(UnusedClients.class);

    private static final int MOST_NAMES = 10;

    private final GrpcLbProperties properties;
    private final ObjectProvider<GrpcChannelsProperties> channels;
    private final ObjectProvider<DeferredStubs> deferred;
    private final Environment environment;

    UnusedClients(
            GrpcLbProperties properties,
            ObjectProvider<GrpcChannelsProperties> channels,
            ObjectProvider<DeferredStubs> deferred,
            Environment environment) {
        this.properties = properties;
        this.channels = channels;
        this.deferred = deferred;
        this.environment = environment;
    }

    @Override
    public void onApplicationEvent(ApplicationReadyEvent event) {
        if (!environment.getProperty("spring.main.lazy-initialization", Boolean.class, false)) {
            Set<String> used = new HashSet<>();
            channels.ifAvailable(asked -> used.addAll(ChannelAddresses.clients(asked)));
            deferred.ifAvailable(stubs -> used.addAll(stubs.clients()));
            find(properties, used).forEach(log::warn);
        }
    }

    /**
     * Returns what to say.
     *
     * @param used the names of the clients that channels were made for
     */
    static List<String> find(GrpcLbProperties properties, Collection<String> used) {
        List<String> found = new ArrayList<>();
        properties.clients().keySet().forEach(name -> add("grpc.lb.clients." + name, name, used, found));
        properties.staticEndpoints().keySet().forEach(name -> add("grpc.lb.static." + name, name, used, found));
        return found;
    }

    private static void add(String property, String name, Collection<String> used, List<String> found) {
        if (used.stream().noneMatch(client -> RelaxedNames.isSame(client, name))) {
            found.add(property + " has had no effect: no stub or channel is called \"" + name + "\""
                    + Similar.to(name, used)
                            .map(similar -> "; did you mean \"" + similar + "\"?")
                            .orElseGet(() -> used.isEmpty() ? "" : "; there are " + some(used)));
        }
    }

    private static String some(Collection<String> names) {
        Set<String> some =
                new LinkedHashSet<>(names.stream().sorted().limit(MOST_NAMES).toList());
        return String.join(", ", some) + (names.size() > some.size() ? ", …" : "");
    }
}
