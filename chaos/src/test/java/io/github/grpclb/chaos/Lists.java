package io.github.grpclb.chaos;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Notes when lists of a service arrive, and keeps the last. Thread-safe. */
final class Lists implements EndpointListener {

    private static final Pattern ADDRESS = Pattern.compile("\"Addr\":\"([^\"]+)\"");
    private static final Pattern WEIGHT = Pattern.compile("\"weight\":(\\d+)");

    private final List<Long> arrivals = new CopyOnWriteArrayList<>();
    private volatile List<Endpoint> last = List.of();

    /** What a record says, read by other means than the product's. */
    record Read(String address, int weight) {

        static Read of(String value) {
            Matcher address = ADDRESS.matcher(value);
            Matcher weight = WEIGHT.matcher(value);
            return new Read(
                    address.find() ? address.group(1) : value, weight.find() ? Integer.parseInt(weight.group(1)) : 1);
        }
    }

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        last = snapshot.endpoints();
        arrivals.add(System.nanoTime());
    }

    @Override
    public void onUnavailable(String reason) {}

    int size() {
        return arrivals.size();
    }

    /** Returns the {@link System#nanoTime} of each. */
    List<Long> arrivals() {
        return arrivals;
    }

    List<Endpoint> last() {
        return last;
    }

    /** Returns the weights of the last list by address. */
    Map<String, Integer> weights() {
        return last.stream().collect(Collectors.toMap(Endpoint::address, Endpoint::weight));
    }
}
