package io.github.grpclb.chaos;

import io.github.grpclb.balancer.ExplainedChannel;
import io.github.grpclb.balancer.Explainer;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.load.LoadObservation;
import io.github.grpclb.testing.ReasonTable;
import io.github.grpclb.timeline.Timeline;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.springframework.context.ApplicationContext;

/** What an application says of why a server gets no calls, by what {@code grpclb/explain} and {@code grpclb/timeline} show. */
final class SeenReasons {

    private static final Explainer.Selection ALL = new Explainer.Selection(null, null, null, null, 0, 1000);

    private final Explainer explainer;
    private final Timeline timeline;

    SeenReasons(ApplicationContext context) {
        explainer = new Explainer(
                context.getBean(LiveEndpoints.class), new LoadObservation(context.getBean(EndpointLoads.class)));
        timeline = context.getBean(Timeline.class);
    }

    /** Waits until it says of a server what the table of reasons has for a scene. */
    void await(String scene, String address, Duration bound) {
        AtomicReference<String> last = new AtomicReference<>("");
        try {
            Moment.now().within(bound, scene, () -> {
                last.set(of(address));
                return ReasonTable.holds(scene, last.get());
            });
        } catch (AssertionError e) {
            ReasonTable.require(scene, last.get());
            throw e;
        }
    }

    /** Waits until what happened to a server, at some time, is what the table of reasons has for a scene: where that does not last. */
    void awaitEvent(String scene, String address, Duration bound) {
        Moment.now().within(bound, scene, () -> events(address).anyMatch(event -> ReasonTable.holds(scene, event)));
    }

    /** Returns what it says of a server, or of a record, as the table of reasons writes it. */
    String of(String address) {
        List<ExplainedChannel> channels = explainer.explain(ALL);
        Set<Object> refusals = new LinkedHashSet<>();
        for (ExplainedChannel channel : channels) {
            channel.unused().some().stream()
                    .filter(each -> each.key().equals(Scene.PREFIX + address))
                    .map(UnusedRecords.Unused::cause)
                    .forEach(refusals::add);
        }
        Optional<ExplainedChannel.Server> server = channels.stream()
                .flatMap(channel -> channel.endpoints().stream())
                .filter(each -> each.endpoint().key().equals(Scene.PREFIX + address)
                        || each.endpoint().address().equals(address))
                .findFirst();
        if (server.isPresent()) {
            Set<Object> reasons = new LinkedHashSet<>(server.get().reasons());
            reasons.addAll(refusals);
            return ReasonTable.listed(server.get().takesCalls(), reasons);
        }
        return refusals.isEmpty() ? inTheTimeline(address) : ReasonTable.listed(false, refusals);
    }

    private String inTheTimeline(String address) {
        return events(address).reduce((one, next) -> next).orElse("not of this service");
    }

    /** What was told of a server's record. */
    private Stream<String> events(String address) {
        String record = LogText.of(Scene.PREFIX + address) + ": ";
        return timeline.since(0).stream()
                .filter(each -> address.equals(each.address()) || each.cause().startsWith(record))
                .map(each -> switch (each.kind()) {
                    case LEFT, JOINED -> each.kind() + ": " + each.cause();
                    case REFUSED -> each.kind().toString();
                    default -> "";
                })
                .filter(each -> !each.isEmpty());
    }
}
