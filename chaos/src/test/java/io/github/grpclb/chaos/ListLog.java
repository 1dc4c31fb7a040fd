package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Every list of endpoints that reached a client from the registry. Thread-safe. */
final class ListLog implements EndpointListener {

    private final List<List<String>> lists = new CopyOnWriteArrayList<>();

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        lists.add(snapshot.endpoints().stream().map(Endpoint::address).sorted().toList());
    }

    @Override
    public void onUnavailable(String reason) {}

    /** Returns the addresses of all lists, the first first. */
    List<List<String>> all() {
        return List.copyOf(lists);
    }

    /** Returns the addresses of the last list; none when there is no list. */
    List<String> last() {
        List<List<String>> all = all();
        return all.isEmpty() ? List.of() : all.get(all.size() - 1);
    }

    /** Fails if there was ever another list than the first. */
    void neverChanged() {
        assertThat(all()).as("lists of endpoints").hasSize(1);
    }
}
