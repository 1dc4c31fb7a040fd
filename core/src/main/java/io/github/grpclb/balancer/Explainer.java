package io.github.grpclb.balancer;

import io.github.grpclb.balancer.ChannelView.Absence;
import io.github.grpclb.balancer.ChannelView.Failing;
import io.github.grpclb.balancer.ChannelView.Known;
import io.github.grpclb.balancer.ExplainedChannel.Calls;
import io.github.grpclb.balancer.ExplainedChannel.Server;
import io.github.grpclb.balancer.ExplainedChannel.Share;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.connection.EndpointStates;
import io.github.grpclb.balancer.explain.Verdict;
import io.github.grpclb.balancer.explain.Why;
import io.github.grpclb.balancer.pick.ChainExplanation;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.LoadObservation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Says of the channels of a context, idle ones too, why each of their servers gets its calls, fewer or none. All work is done on the
 * thread that asks, over what the balancers left when they last made a picker; nothing changes by it, and no call waits for it. Thread-safe.
 */
public final class Explainer {

    /** How many servers an answer holds at most, over all channels. */
    public static final int MOST = 5_000;

    /** By what servers can be put in order; see {@link Selection#sort}. */
    private static final List<String> SORTS = List.of(
            "address", "id", "zone", "version", "state", "weight", "expected", "share", "inFlight", "p99", "failures");

    /** What a channel that nobody looks for the share of has. */
    private static final Comparator<Comparable<Object>> NULLS_LAST = Comparator.nullsLast(Comparator.naturalOrder());

    private final LiveEndpoints live;
    private final LoadObservation observation;

    /**
     * Creates it.
     *
     * @param live the channels
     * @param observation what is seen of their servers' calls
     */
    public Explainer(LiveEndpoints live, LoadObservation observation) {
        this.live = live;
        this.observation = observation;
    }

    /**
     * What is asked for.
     *
     * @param service only channels of this service; null for all
     * @param client only channels of this client of the application's; null for all
     * @param search only servers whose address, id, zone or version contains this, whatever the case; null for all
     * @param sort by which field the servers of each channel are put in order, after a {@code -} the largest first; null for the
     *     channel's own order
     * @param offset how many servers of each channel to leave out first
     * @param limit how many servers of each channel to tell of. In all no more are told of than {@value #MOST}
     */
    public record Selection(
            @Nullable String service,
            @Nullable String client,
            @Nullable String search,
            @Nullable String sort,
            int offset,
            int limit) {}

    /**
     * Explains.
     *
     * @return the channels in the order of their services, then of their clients
     * @throws IllegalValueException if there is no such sort
     */
    public List<ExplainedChannel> explain(Selection selection) {
        String sort = selection.sort();
        if (sort != null && !SORTS.contains(sort.startsWith("-") ? sort.substring(1) : sort)) {
            throw new IllegalValueException("sort", sort, "one of " + String.join(", ", SORTS) + ", or that after a -");
        }
        LoadObservation.Minute minute = observation.lastMinute();
        List<ExplainedChannel> channels = new ArrayList<>();
        int left = MOST;
        for (Row row : rows(selection)) {
            ExplainedChannel channel = row.newest instanceof Known known
                    ? explain(row, known, selection, minute, left)
                    : withoutServers(row);
            left -= channel.endpoints().size();
            channels.add(channel);
        }
        return channels;
    }

    /** A channel, with what was there of it at one moment. */
    private record Row(
            @Nullable String client,
            String service,
            ChannelView.@Nullable Newest newest,
            @Nullable Absence absence,
            UnusedRecords unused) {}

    private List<Row> rows(Selection selection) {
        List<Row> rows = new ArrayList<>();
        for (ChannelView view : live.views()) {
            ChannelView.Newest newest = view.newest();
            Absence absence = newest == null ? view.absence() : null;
            String service = newest != null ? newest.service() : absence != null ? absence.service() : null;
            if (service != null
                    && (selection.service == null || selection.service.equals(service))
                    && (selection.client == null || selection.client.equals(view.client()))) {
                rows.add(new Row(view.client(), service, newest, absence, view.unused()));
            }
        }
        rows.sort(Comparator.comparing(Row::service)
                .thenComparing(Row::client, Comparator.nullsLast(Comparator.naturalOrder())));
        return rows;
    }

    private static ExplainedChannel withoutServers(Row row) {
        if (row.newest instanceof Failing failing) {
            return new ExplainedChannel(
                    row.client,
                    row.service,
                    failing.policy(),
                    failing.connectivity(),
                    failing.reason(),
                    null,
                    List.of(),
                    Map.of(),
                    row.unused,
                    0,
                    0,
                    List.of());
        }
        Absence absence = row.absence;
        if (absence == null) {
            throw new IllegalStateException(row.service);
        }
        String since = Why.time(absence.sinceNanos());
        return new ExplainedChannel(
                row.client,
                row.service,
                absence.policy(),
                absence.connectivity(),
                switch (absence.connectivity()) {
                    case CONNECTING -> "no list of servers has come for " + since;
                    default ->
                        absence.used()
                                ? "idle for " + since + ", after a time without calls: the next call connects it"
                                : "not used for " + since + ", since it was made: the first call connects it";
                },
                null,
                List.of(),
                Map.of(),
                row.unused,
                0,
                0,
                List.of());
    }

    private ExplainedChannel explain(
            Row row, Known channel, Selection selection, LoadObservation.Minute minute, int left) {
        List<EndpointCandidate> known = channel.known();
        ChainExplanation explained = channel.chain().explain(known, channel.healthChecked());
        int[] wanted = wanted(known, selection.search);
        if (selection.sort != null) {
            wanted = IntStream.of(wanted)
                    .boxed()
                    .sorted(order(selection.sort, channel, explained, minute))
                    .mapToInt(Integer::intValue)
                    .toArray();
        }
        List<Server> servers = new ArrayList<>();
        long end = Math.min(wanted.length, (long) selection.offset + Math.min(selection.limit, left));
        for (int i = selection.offset; i < end; i++) {
            servers.add(server(wanted[i], channel, explained, minute));
        }
        long now = observation.nanoTime();
        return new ExplainedChannel(
                row.client,
                channel.service(),
                channel.policy(),
                channel.connectivity(),
                reason(channel, explained),
                TimeUnit.NANOSECONDS.toMillis(now - channel.listNanos()),
                channel.state().panicking().stream()
                        .map(pool -> pool.isEmpty() ? pool : pool.substring(1))
                        .sorted()
                        .toList(),
                counts(channel),
                row.unused,
                known.size(),
                wanted.length,
                servers);
    }

    private static Map<EndpointState, Integer> counts(Known channel) {
        Set<Endpoint.Identity> ejected = channel.state().ejected();
        Map<EndpointState, Integer> counts = new EnumMap<>(EndpointState.class);
        channel.known().forEach(each -> counts.merge(EndpointStates.of(each, ejected), 1, Integer::sum));
        return counts;
    }

    private static @Nullable String reason(Known channel, ChainExplanation explained) {
        int known = channel.known().size();
        for (int i = 0; i < known; i++) {
            if (explained.takesCalls(i)) {
                return null;
            }
        }
        return switch (channel.connectivity()) {
            case CONNECTING, IDLE -> "none of " + known + " servers is connected yet: calls wait";
            default -> "none of " + known + " servers takes calls";
        };
    }

    private static int[] wanted(List<EndpointCandidate> known, @Nullable String search) {
        IntStream all = IntStream.range(0, known.size());
        if (search != null && !search.isEmpty()) {
            String part = search.toLowerCase(Locale.ROOT);
            all = all.filter(i -> contains(known.get(i).endpoint(), part));
        }
        return all.toArray();
    }

    private static boolean contains(Endpoint endpoint, String part) {
        return contains(endpoint.address(), part)
                || contains(endpoint.id(), part)
                || contains(endpoint.zone(), part)
                || contains(endpoint.version(), part);
    }

    private static boolean contains(@Nullable String text, String part) {
        return text != null && text.toLowerCase(Locale.ROOT).contains(part);
    }

    private Comparator<Integer> order(
            String sort, Known channel, ChainExplanation explained, LoadObservation.Minute minute) {
        boolean largestFirst = sort.startsWith("-");
        List<EndpointCandidate> known = channel.known();
        IntFunction<@Nullable Comparable<?>> key =
                switch (largestFirst ? sort.substring(1) : sort) {
                    case "address" -> i -> known.get(i).endpoint().address();
                    case "id" -> i -> known.get(i).endpoint().id();
                    case "zone" -> i -> known.get(i).endpoint().zone();
                    case "version" -> i -> known.get(i).endpoint().version();
                    case "state" ->
                        i -> EndpointStates.of(known.get(i), channel.state().ejected());
                    case "weight" -> i -> explained.weight(i).effective();
                    case "expected" -> explained::expected;
                    case "share" -> i -> minute.calls(known.get(i).load());
                    case "p99" ->
                        i -> {
                            LoadObservation.Latency latency =
                                    observation.latencySoFar(known.get(i).load());
                            return latency == null ? null : latency.p99Millis();
                        };
                    case "inFlight" -> i -> known.get(i).load().inFlight();
                    default -> i -> known.get(i).load().failures();
                };
        // each is looked at once: what is counted may change while it is sorted
        Comparable<?>[] keys = new Comparable<?>[known.size()];
        Arrays.setAll(keys, key::apply);
        return (one, other) -> {
            int order = compare(keys[one], keys[other]);
            return largestFirst && keys[one] != null && keys[other] != null ? -order : order;
        };
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // the keys of one order are of one type; nulls come last
    private static int compare(@Nullable Comparable<?> one, @Nullable Comparable<?> other) {
        return NULLS_LAST.compare((Comparable<Object>) one, (Comparable<Object>) other);
    }

    private Server server(int index, Known channel, ChainExplanation explained, LoadObservation.Minute minute) {
        EndpointCandidate candidate = channel.known().get(index);
        EndpointLoad load = candidate.load();
        boolean takesCalls = explained.takesCalls(index);
        List<Verdict> verdicts = explained.verdicts(index);
        LoadObservation.Latency latency = observation.latency(load);
        return new Server(
                candidate.endpoint(),
                EndpointStates.of(candidate, channel.state().ejected()),
                takesCalls,
                Why.of(takesCalls, verdicts),
                verdicts,
                explained.weight(index),
                new Share(explained.expected(index), minute.share(load), minute.calls(load), minute.seconds()),
                new Calls(
                        load.inFlight(),
                        load.successes(),
                        load.failures(),
                        load.cancellations(),
                        latency == null ? null : latency.p50Millis(),
                        latency == null ? null : latency.p99Millis(),
                        byCode(load)),
                candidate.isReady()
                        ? TimeUnit.NANOSECONDS.toMillis(
                                observation.nanoTime() - candidate.since().stateNanos())
                        : null);
    }

    private static Map<io.grpc.Status.Code, Long> byCode(EndpointLoad load) {
        return new TreeMap<>(load.failuresByCode());
    }
}
