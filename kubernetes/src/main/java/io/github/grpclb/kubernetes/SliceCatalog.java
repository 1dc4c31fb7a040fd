package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.follow.Alarm;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The Services of one namespace, by its EndpointSlices, each as a target names it: {@code greeter}, or {@code greeter:grpc} for each port
 * where there are several. A Service counts what stands behind its addresses, ready or not; one that has nobody is not there. No more than a
 * page of slices is held. Who asks while somebody else's question is under way gets its answer. Thread-safe.
 */
final class SliceCatalog implements ServiceCatalog {

    private static final int PAGE_SIZE = 100;

    /** How many servers are counted at most, of all Services together. */
    static final int MOST_SERVERS = 1_000_000;

    /** How often is begun anew, where the API server has forgotten the version of the first pages. */
    private static final int TRIES = 3;

    private final Following following;
    private @Nullable Reading underWay;

    SliceCatalog(Following following) {
        this.following = following;
    }

    @Override
    public synchronized CompletableFuture<Services> services() {
        Reading reading = underWay;
        if (reading == null || reading.done.isDone()) {
            Reading begun = new Reading();
            reading = begun;
            underWay = begun;
            if (!following.loop().execute(begun::start)) {
                begun.fail("the source is closed");
            }
        }
        return reading.done.copy();
    }

    /** Ends what is under way. */
    synchronized void close() {
        Reading reading = underWay;
        if (reading != null) {
            following.loop().execute(() -> reading.fail("the source is closed"));
        }
    }

    /** One question. For the loop's thread. */
    private final class Reading implements Api.Listener {

        private final CompletableFuture<Services> done = new CompletableFuture<>();
        private final Alarm alarm = new Alarm(following.loop());
        private final StringBuilder text = new StringBuilder();

        /** By Service and by the name of the port: who is there. */
        private final Map<String, Map<String, Set<String>>> found = new TreeMap<>();

        private int servers;
        private int tries;
        private boolean complete = true;
        private @Nullable String token;
        private Api.@Nullable Exchange exchange;

        void start() {
            tries++;
            token = null;
            servers = 0;
            found.clear();
            nextPage();
        }

        private void nextPage() {
            text.setLength(0);
            var patience = following.options().requestTimeout();
            alarm.set(patience, () -> fail(ApiFailure.timeout("page of a list", patience)));
            exchange = following.api().get(path(), this);
        }

        private String path() {
            return "/apis/discovery.k8s.io/v1/namespaces/" + following.options().namespace() + "/endpointslices?limit="
                    + PAGE_SIZE
                    + (token == null ? "" : "&continue=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
        }

        @Override
        public void onAccepted() {}

        @Override
        public void onLine(String line) {
            text.append(line).append('\n');
        }

        @Override
        public void onEnd() {
            SliceJson.ServicesPage page;
            try {
                page = SliceJson.servicesPage(text.toString());
            } catch (MalformedAnswerException e) {
                fail(ApiFailure.malformed(String.valueOf(e.getMessage())));
                return;
            }
            page.slices().forEach(this::take);
            String next = page.next();
            if (next == null || !complete) {
                end();
            } else if (next.equals(token)) {
                fail(ApiFailure.malformed("its list does not come to an end"));
            } else {
                token = next;
                nextPage();
            }
        }

        @Override
        public void onFailure(ApiFailure failure) {
            if (failure.kind() == ApiFailure.Kind.EXPIRED && token != null && tries < TRIES) {
                start();
            } else {
                fail(failure);
            }
        }

        private void take(SliceJson.OfService slice) {
            if (!isTarget(slice.service()) || slice.slice().members().isEmpty()) {
                return;
            }
            Map<String, Set<String>> ports = found.computeIfAbsent(slice.service(), name -> new TreeMap<>());
            List<String> names = slice.slice().ports().stream()
                    .filter(EndpointSlice.Port::isTcp)
                    .map(EndpointSlice.Port::name)
                    .toList();
            for (String name : names.isEmpty() ? List.of("") : names) {
                Set<String> there = ports.computeIfAbsent(name, port -> new HashSet<>());
                for (EndpointSlice.Member member : slice.slice().members()) {
                    String target = member.target();
                    if (servers == MOST_SERVERS) {
                        complete = false;
                    } else if (there.add(target == null ? member.address() : target)) { // of two families once
                        servers++;
                    }
                }
            }
        }

        /** A slice that somebody writes by hand may be of a Service that can have no such name. */
        private boolean isTarget(String service) {
            try {
                ServiceTarget.parse(service, following.options().namespace());
                return service.indexOf('.') < 0 && service.indexOf(':') < 0;
            } catch (IllegalValueException e) {
                return false;
            }
        }

        private void end() {
            alarm.cancel();
            List<Service> services = new ArrayList<>();
            found.forEach((service, ports) -> ports.forEach((port, there) -> {
                if (services.size() == MOST_SERVICES) {
                    complete = false;
                } else if (!there.isEmpty()) {
                    services.add(new Service(ports.size() == 1 ? service : service + ":" + port, there.size()));
                }
            }));
            done.complete(new Services(0, services, complete));
        }

        private void fail(ApiFailure failure) {
            boolean lacksRight = failure.kind() == ApiFailure.Kind.FORBIDDEN;
            fail(failure.message()
                    + (lacksRight
                            ? "; the pod's service account needs the verb list on endpointslices of the API group discovery.k8s.io"
                                    + " in namespace '" + following.options().namespace() + "'"
                            : ""));
        }

        void fail(String why) {
            alarm.cancel();
            Api.Exchange last = exchange;
            exchange = null;
            if (last != null) {
                last.close();
            }
            done.completeExceptionally(new IllegalStateException(why));
        }
    }
}
