package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.ConsumerDirectory;
import io.github.grpclb.discovery.IllegalValueException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who calls which service, over all processes that say so: {@code grpclb/consumers}. Knows {@code service}, {@code search} (in application,
 * version and instance), {@code sort} ({@code application}, which is the order without it, or {@code servers}, the fewest first),
 * {@code offset} and {@code limit}. Thread-safe.
 */
public final class ConsumersSection implements Section {

    private static final Comparator<Consumer> BY_APPLICATION = Comparator.comparing(Consumer::service)
            .thenComparing(Consumer::application)
            .thenComparing(Consumer::version, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparing(Consumer::instance);

    private final ConsumerDirectory directory;

    public ConsumersSection(ConsumerDirectory directory) {
        this.directory = directory;
    }

    @Override
    public String name() {
        return "consumers";
    }

    @Override
    public Object read(SectionQuery query) {
        Comparator<Consumer> order = order(query.sort());
        return RegistryAnswer.of(directory.consumers(query.service()), found -> told(found, query, order));
    }

    private static Comparator<Consumer> order(@Nullable String sort) {
        if (sort == null || sort.equals("application")) {
            return BY_APPLICATION;
        }
        if (sort.equals("servers")) {
            return Comparator.comparingInt(Consumer::servers).thenComparing(BY_APPLICATION);
        }
        throw new IllegalValueException("sort", sort, "application or servers");
    }

    private static Object told(ConsumerDirectory.Consumers found, SectionQuery query, Comparator<Consumer> order) {
        List<Consumer> matching = found.consumers().stream()
                .filter(each -> query.search() == null || matches(each, query.search()))
                .sorted(order)
                .toList();
        return new Consumers(
                1,
                found.revision(),
                found.complete(),
                found.unreadable(),
                matching.size(),
                applications(matching).limit(query.limit()).toList(),
                matching.stream()
                        .skip(query.offset())
                        .limit(query.limit())
                        .map(Instance::of)
                        .toList());
    }

    private static boolean matches(Consumer consumer, String text) {
        return Stream.of(consumer.application(), consumer.version(), consumer.instance())
                .anyMatch(each -> each != null && each.contains(text));
    }

    private static Stream<Application> applications(List<Consumer> consumers) {
        Map<Application, Integer> counts = new TreeMap<>(Comparator.comparing(Application::service)
                .thenComparing(Application::application)
                .thenComparing(Application::version, Comparator.nullsFirst(Comparator.naturalOrder())));
        consumers.forEach(each ->
                counts.merge(new Application(each.service(), each.application(), each.version(), 0), 1, Integer::sum));
        return counts.entrySet().stream()
                .map(each -> new Application(
                        each.getKey().service(),
                        each.getKey().application(),
                        each.getKey().version(),
                        each.getValue()));
    }

    /**
     * The consumers.
     *
     * @param version of what is told
     * @param revision the registry's revision; 0 where it has none
     * @param complete whether all were read: there may be too many
     * @param unreadable how many records could not be read
     * @param total how many match, of which {@code consumers} may be a part
     * @param applications how many processes of each application and version there are among all that match
     * @param consumers the processes
     */
    public record Consumers(
            int version,
            long revision,
            boolean complete,
            int unreadable,
            int total,
            List<Application> applications,
            List<Instance> consumers) {}

    /**
     * An application that calls a service.
     *
     * @param service the service that it calls
     * @param application its name
     * @param version what it runs, or null
     * @param instances how many of its processes do
     */
    public record Application(
            String service, String application, @Nullable String version, int instances) {}

    /**
     * A process that calls a service.
     *
     * @param service the service that it calls
     * @param application the application's name
     * @param version what it runs, or null
     * @param instance which process it is
     * @param policy the policy by which it chooses, or null
     * @param servers how many servers it knows
     * @param startedAt when it started, milliseconds since the epoch; 0 where it does not say
     */
    public record Instance(
            String service,
            String application,
            @Nullable String version,
            String instance,
            @Nullable String policy,
            int servers,
            long startedAt) {

        static Instance of(Consumer consumer) {
            return new Instance(
                    consumer.service(),
                    consumer.application(),
                    consumer.version(),
                    consumer.instance(),
                    consumer.policy(),
                    consumer.servers(),
                    consumer.startedAt());
        }
    }
}
