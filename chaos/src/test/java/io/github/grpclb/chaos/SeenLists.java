package io.github.grpclb.chaos;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The lists of endpoints that a client was given, from the first that it knew when this was made. */
final class SeenLists implements EndpointListener {

    private final List<List<Endpoint>> lists = new CopyOnWriteArrayList<>();

    private SeenLists() {}

    static SeenLists of(LoadClient client) {
        SeenLists seen = new SeenLists();
        client.context().getBean(EndpointSource.class).subscribe(Scene.SERVICE, seen);
        return seen;
    }

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        lists.add(snapshot.endpoints());
    }

    @Override
    public void onUnavailable(String reason) {}

    /** Returns the addresses of each list, in the order in which they came. */
    List<List<String>> addresses() {
        return lists.stream()
                .map(list -> list.stream().map(Endpoint::address).sorted().toList())
                .toList();
    }

    /** Returns the addresses of the last list. */
    List<String> last() {
        List<List<String>> all = addresses();
        return all.isEmpty() ? List.of() : all.get(all.size() - 1);
    }
}
