package io.github.grpclb.actuate;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RecordCatalog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the registry itself holds of a service, beside what this process makes of it: {@code grpclb/records?service=greeter}. Knows {@code
 * service}, which must be there, {@code search}, {@code offset} and {@code limit}. Thread-safe.
 */
public final class RecordsSection implements Section {

    private final Supplier<@Nullable RecordCatalog> catalog;
    private final LiveEndpoints live;

    /**
     * Creates the section.
     *
     * @param catalog asked each time; null where the registry cannot tell
     * @param live the channels of this process
     */
    public RecordsSection(Supplier<@Nullable RecordCatalog> catalog, LiveEndpoints live) {
        this.catalog = catalog;
        this.live = live;
    }

    @Override
    public String name() {
        return "records";
    }

    @Override
    public @Nullable Object read(SectionQuery query) {
        String service = query.service();
        if (service == null) {
            throw new IllegalValueException("service", "", "the name of a service");
        }
        RecordCatalog known = catalog.get();
        return known == null
                ? null
                : RegistryAnswer.of(
                        known.records(service, query.search(), query.offset(), query.limit()),
                        found -> told(service, found));
    }

    private Records told(String service, RecordCatalog.Records found) {
        boolean isCalled = live.uses().stream().anyMatch(use -> use.service().equals(service));
        Map<String, Endpoint> here = new HashMap<>();
        live.endpoints(service).forEach(each -> here.put(each.endpoint().key(), each.endpoint()));
        return new Records(
                1,
                service,
                found.revision(),
                found.complete(),
                found.total(),
                found.found(),
                isCalled ? here.size() : null,
                found.records().stream()
                        .map(each -> Record.of(each, isCalled, here.get(each.key())))
                        .toList());
    }

    /**
     * The records of a service.
     *
     * @param version of what is told
     * @param service whose they are
     * @param revision the registry's revision; 0 where it has none
     * @param complete whether all of them were looked at: there may be too many
     * @param total how many there are
     * @param found how many match, of which {@code records} may be a part
     * @param here how many servers of the service this process knows; null where it does not call it
     * @param records those, in the order of their keys
     */
    public record Records(
            int version,
            String service,
            long revision,
            boolean complete,
            int total,
            int found,
            @Nullable Integer here,
            List<Record> records) {}

    /**
     * A record; see {@link RecordCatalog.Entry}.
     *
     * @param differs what this process has otherwise, in words; empty where it has the same, null where it does not call the service
     */
    public record Record(
            String key,
            @Nullable String form,
            @Nullable Server server,
            @Nullable String refusal,
            List<String> leftOut,
            long createRevision,
            long modRevision,
            @Nullable Long grantedMillis,
            @Nullable Long remainingMillis,
            boolean permanent,
            @Nullable List<String> differs) {

        static Record of(RecordCatalog.Entry entry, boolean isCalled, @Nullable Endpoint here) {
            Endpoint there = entry.endpoint();
            return new Record(
                    entry.key(),
                    entry.form(),
                    there == null ? null : Server.of(there),
                    entry.refusal(),
                    entry.leftOut(),
                    entry.createRevision(),
                    entry.modRevision(),
                    millis(entry.granted()),
                    millis(entry.remaining()),
                    entry.permanent(),
                    isCalled ? differences(there, here) : null);
        }

        private static @Nullable Long millis(@Nullable Duration time) {
            return time == null ? null : time.toMillis();
        }

        private static List<String> differences(@Nullable Endpoint there, @Nullable Endpoint here) {
            if (here == null) {
                return List.of(
                        there == null
                                ? "not here: it cannot be read"
                                : "not here: another record of the same server counts, or it is new");
            }
            if (there == null) {
                return List.of("here as it was when it could be read last");
            }
            List<String> differences = new ArrayList<>();
            compare("address", there.address(), here.address(), differences);
            compare("id", there.id(), here.id(), differences);
            compare("zone", there.zone(), here.zone(), differences);
            compare("version", there.version(), here.version(), differences);
            compare("weight", there.weight(), here.registeredWeight(), differences);
            compare("state", there.state(), here.registeredState(), differences);
            compare("metadata", there.metadata(), here.metadata(), differences);
            return differences;
        }

        private static void compare(
                String name, @Nullable Object there, @Nullable Object here, List<String> differences) {
            if (!Objects.equals(there, here)) {
                differences.add(name + " " + (here == null ? "none" : here) + " here");
            }
        }
    }

    /**
     * What a record says of its server; see {@link Endpoint}.
     *
     * @param startedAt when it started, in milliseconds since the epoch; null where its record does not say
     */
    public record Server(
            String address,
            @Nullable String id,
            int weight,
            Endpoint.State state,
            @Nullable String zone,
            @Nullable String version,
            @Nullable Long startedAt,
            Map<String, String> metadata) {

        static Server of(Endpoint endpoint) {
            return new Server(
                    endpoint.address(),
                    endpoint.id(),
                    endpoint.weight(),
                    endpoint.state(),
                    endpoint.zone(),
                    endpoint.version(),
                    endpoint.startedAt() == 0 ? null : endpoint.startedAt(),
                    endpoint.metadata());
        }
    }
}
