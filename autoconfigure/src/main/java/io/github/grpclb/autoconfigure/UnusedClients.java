package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ConfigurationCheck;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.RelaxedNames;
import io.github.grpclb.discovery.Similar;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.springframework.core.env.Environment;

/**
 * Finds clients that are configured and that no stub or channel has been made for by the time the application is ready. Where beans
 * are made lazily nobody can know yet, and nothing is said.
 */
public final class UnusedClients implements ConfigurationCheck {

    private static final int MOST_NAMES = 10;

    private final GrpcLbProperties properties;
    private final Supplier<Set<String>> used;
    private final Environment environment;

    /**
     * Creates it.
     *
     * @param used returns the names of the clients that channels or stubs are made for, asked for when the application is ready
     */
    public UnusedClients(GrpcLbProperties properties, Supplier<Set<String>> used, Environment environment) {
        this.properties = properties;
        this.used = used;
        this.environment = environment;
    }

    @Override
    public Collection<String> warnings() {
        return environment.getProperty("spring.main.lazy-initialization", Boolean.class, false)
                ? List.of()
                : find(properties, used.get());
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
