package io.github.grpclb.actuate;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.ServiceCatalog;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which services the registry has: {@code grpclb/services}. Knows {@code service}, {@code search}, {@code sort} ({@code name}, which is the
 * order without it, or {@code servers}, the most first), {@code offset} and {@code limit}. Thread-safe.
 */
public final class ServicesSection implements Section {

    private final Supplier<@Nullable ServiceCatalog> catalog;

    /**
     * Creates the section.
     *
     * @param catalog asked each time; null where the registry cannot tell
     */
    public ServicesSection(Supplier<@Nullable ServiceCatalog> catalog) {
        this.catalog = catalog;
    }

    @Override
    public String name() {
        return "services";
    }

    @Override
    public @Nullable Object read(SectionQuery query) {
        Comparator<ServiceCatalog.Service> order = order(query.sort());
        ServiceCatalog known = catalog.get();
        return known == null ? null : RegistryAnswer.of(known.services(), found -> told(found, query, order));
    }

    private static Comparator<ServiceCatalog.Service> order(@Nullable String sort) {
        Comparator<ServiceCatalog.Service> byName = Comparator.comparing(ServiceCatalog.Service::name);
        if (sort == null || sort.equals("name")) {
            return byName;
        }
        if (sort.equals("servers")) {
            return Comparator.comparingInt(ServiceCatalog.Service::servers)
                    .reversed()
                    .thenComparing(byName);
        }
        throw new IllegalValueException("sort", sort, "name or servers");
    }

    private static Object told(
            ServiceCatalog.Services found, SectionQuery query, Comparator<ServiceCatalog.Service> order) {
        List<ServiceCatalog.Service> matching = found.services().stream()
                .filter(each -> query.service() == null || query.service().equals(each.name()))
                .filter(each -> query.search() == null || each.name().contains(query.search()))
                .sorted(order)
                .toList();
        return new Services(
                1,
                found.revision(),
                found.complete(),
                matching.size(),
                matching.stream()
                        .skip(query.offset())
                        .limit(query.limit())
                        .map(each -> new Service(each.name(), each.servers()))
                        .toList());
    }

    /**
     * The services of the registry.
     *
     * @param version of what is told
     * @param revision the registry's revision; 0 where it has none
     * @param complete whether all of the registry was read: it may be too large
     * @param total how many match, of which this may be a part
     * @param services those
     */
    public record Services(int version, long revision, boolean complete, int total, List<Service> services) {}

    /**
     * A service.
     *
     * @param name its name
     * @param servers how many records it has
     */
    public record Service(String name, int servers) {}
}
