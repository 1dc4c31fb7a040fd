package io.github.grpclb.balancer;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.pick.ChannelState;
import io.github.grpclb.balancer.pick.PickerChain;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.resolver.ResolverLife;
import io.grpc.ConnectivityState;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is seen of one channel. The channel's resolver and its balancer leave references here and nothing else; the work is done when
 * somebody reads. It is the channel that holds it: with the channel it goes, be it that nobody shut the channel down. Thread-safe.
 */
@Internal
public final class ChannelView implements ResolverLife {

    /** Where channels are seen. Called with a lock held: it returns at once. */
    interface Place {

        /** There is something to be seen of a channel, as there may have been before. */
        void show(ChannelView view);

        /** A channel is over. */
        void hide(ChannelView view);

        /** What is to be seen of a channel's servers is something else. */
        void changed();
    }

    /** What a balancer left last. */
    sealed interface Newest permits Known, Failing {

        /** Returns the service that the channel calls. */
        String service();

        /** Returns the policy that picks, or null. */
        @Nullable
        String policy();

        /** Returns the state of the channel. */
        ConnectivityState connectivity();
    }

    /**
     * There are servers.
     *
     * @param known not empty
     * @param state read later
     * @param listNanos when the last list came
     */
    record Known(
            String service,
            LbConfig config,
            ConnectivityState connectivity,
            List<EndpointCandidate> known,
            ChannelState state,
            PickerChain chain,
            boolean healthChecked,
            long listNanos)
            implements Newest {

        @Override
        public String policy() {
            return config.policy();
        }
    }

    /**
     * There is no server.
     *
     * @param reason what calls fail with
     */
    record Failing(String service, @Nullable String policy, ConnectivityState connectivity, String reason)
            implements Newest {}

    private final Place place;
    private final @Nullable String client;
    private final LongSupplier nanoTime;
    private @Nullable String service;
    private @Nullable String lastPolicy;
    private @Nullable Object owner;
    private int resolvers;
    private boolean started;
    private boolean wasUsed;
    private long since;
    private volatile @Nullable Newest newest;
    private volatile UnusedRecords unused = UnusedRecords.NONE;

    ChannelView(Place place, @Nullable String client, LongSupplier nanoTime) {
        this.place = place;
        this.client = client;
        this.nanoTime = nanoTime;
    }

    @Override
    public synchronized void made(String ofService) {
        resolvers++;
        service = ofService;
        started = false;
        unused = UnusedRecords.NONE;
        since = nanoTime.getAsLong();
        place.show(this);
    }

    @Override
    public synchronized void started() {
        started = true;
        wasUsed = true;
        since = nanoTime.getAsLong();
    }

    @Override
    public void unused(UnusedRecords records) {
        unused = records;
        place.changed();
    }

    @Override
    public synchronized void closed() {
        resolvers--;
        hideIfOver();
    }

    /**
     * Takes what a balancer sees.
     *
     * @param by the balancer, which is the only one to take it back
     */
    synchronized void leave(Object by, Newest next) {
        owner = by;
        newest = next;
        lastPolicy = next.policy() != null ? next.policy() : lastPolicy;
        place.show(this);
        place.changed();
    }

    /** A balancer is shut down: the channel is idle, or over. */
    synchronized void end(Object by) {
        if (owner == by) {
            owner = null;
            newest = null;
        }
        place.changed();
        hideIfOver();
    }

    private void hideIfOver() {
        if (resolvers <= 0 && newest == null) {
            place.hide(this);
        }
    }

    @Nullable
    String client() {
        return client;
    }

    UnusedRecords unused() {
        return unused;
    }

    @Nullable
    Newest newest() {
        return newest;
    }

    /**
     * What there is to be said of a channel that has no balancer.
     *
     * @param service the service that it calls
     * @param policy the policy that it picked by last, or null
     * @param connectivity its state
     * @param reason why there is nothing else to be said
     */
    record Absence(
            String service, @Nullable String policy, ConnectivityState connectivity, long sinceNanos, boolean used) {}

    /** Returns why there is no balancer; null where the channel is over. */
    synchronized @Nullable Absence absence() {
        String of = service;
        if (of == null || resolvers <= 0) {
            return null;
        }
        return new Absence(
                of,
                lastPolicy,
                started ? ConnectivityState.CONNECTING : ConnectivityState.IDLE,
                nanoTime.getAsLong() - since,
                wasUsed);
    }
}
