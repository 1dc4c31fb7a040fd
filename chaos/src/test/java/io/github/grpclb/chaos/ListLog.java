package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** Every list of endpoints that reached a client from the registry. Thread-safe. */
final class ListLog implements EndpointListener {

    private final List<Seen> lists = new CopyOnWriteArrayList<>();

    /**
     * A list.
     *
     * @param at {@link System#nanoTime} of its arrival
     */
    private record Seen(long at, List<Endpoint> endpoints) {

        List<String> addresses() {
            return endpoints.stream().map(Endpoint::address).sorted().toList();
        }
    }

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        lists.add(new Seen(System.nanoTime(), snapshot.endpoints()));
    }

    @Override
    public void onUnavailable(String reason) {}

    int size() {
        return lists.size();
    }

    /** Returns the {@link System#nanoTime} of each arrival. */
    List<Long> arrivals() {
        return lists.stream().map(Seen::at).toList();
    }

    /** Returns the addresses of all lists, the first first. */
    List<List<String>> all() {
        return lists.stream().map(Seen::addresses).toList();
    }

    /** Returns the last list; empty when there is none. */
    List<Endpoint> endpoints() {
        List<Seen> all = List.copyOf(lists);
        return all.isEmpty() ? List.of() : all.get(all.size() - 1).endpoints();
    }

    /** Returns the addresses of the last list. */
    List<String> last() {
        return endpoints().stream().map(Endpoint::address).sorted().toList();
    }

    /** Returns the weights of the last list by address. */
    Map<String, Integer> weights() {
        return endpoints().stream().collect(Collectors.toMap(Endpoint::address, Endpoint::weight));
    }

    /** Fails if there was ever another list than the first. */
    void neverChanged() {
        assertThat(all()).as("lists of endpoints").hasSize(1);
    }
}
