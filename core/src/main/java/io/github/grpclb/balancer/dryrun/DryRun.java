package io.github.grpclb.balancer.dryrun;

import io.github.grpclb.balancer.ChannelCopies;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.dryrun.DryChannel.Outcome;
import io.github.grpclb.balancer.dryrun.Prediction.Part;
import io.github.grpclb.balancer.dryrun.Prediction.Share;
import io.github.grpclb.balancer.pick.ChannelCopy;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Predicts where the calls of a channel would go, now and if something were otherwise, by having copies of its steps and policies pick
 * {@value Prediction#PICKS} times. No call is sent, no connection made, no counter and no turn of the channel changes, and nothing is
 * logged.
 *
 * <p>Servers are as they are at the moment: ejected, new, idle or failing. Policies that follow load see calls arrive as often as there
 * are some, and each take as long as its server's do, in virtual time. A policy that all channels share, a bean of the user's, is not
 * asked, since that could change what it picks next.
 *
 * <p>What a channel picks by is copied in its synchronization context; all else happens on the caller's thread, one prediction at a time.
 * Thread-safe.
 */
public final class DryRun {

    private static final long SEED = 7;
    private static final int BUSY_SECONDS = 10;
    private static final int COPY_SECONDS = 5;

    private final ChannelCopies channels;
    private final PolicyOptions options;
    private final long seed;
    private final Semaphore turn = new Semaphore(1);

    /** What is configured for policies that are not in use. */
    @FunctionalInterface
    public interface PolicyOptions {

        /** Options where nothing is configured. */
        PolicyOptions NONE = (client, policy) -> Map.of();

        /**
         * Returns the options of a policy.
         *
         * @param client what the application calls the client, or null
         */
        Map<String, ?> of(@Nullable String client, String policy);
    }

    /**
     * Creates it.
     *
     * @param channels those that it can tell of
     */
    public DryRun(ChannelCopies channels, PolicyOptions options) {
        this(channels, options, SEED);
    }

    /**
     * Creates it.
     *
     * @param seed of all chance
     */
    public DryRun(ChannelCopies channels, PolicyOptions options, long seed) {
        this.channels = channels;
        this.options = options;
        this.seed = seed;
    }

    /**
     * Predicts.
     *
     * @param service the service that the channel calls; null where the client tells which
     * @param client what the application calls the channel's client; null where only one calls the service
     * @param call what the calls say
     * @param change what would be otherwise
     * @throws IllegalValueException if several clients or services are meant, or the change names a server, a policy or a zone that is
     *     not there
     */
    public Prediction predict(@Nullable String service, @Nullable String client, DryCall call, WhatIf change) {
        List<ChannelCopies.Source> found = channels.sources().stream()
                .filter(channel -> service == null || service.equals(channel.service()))
                .filter(channel -> client == null || client.equals(channel.client()))
                .toList();
        if (found.isEmpty()) {
            return Prediction.none(service, client, null, noneFor(service, client));
        }
        requireOne(
                "service",
                service,
                found.stream().map(ChannelCopies.Source::service).toList());
        requireOne(
                "client",
                client,
                found.stream().map(channel -> String.valueOf(channel.client())).toList());
        ChannelCopies.Source channel = found.get(0);
        try {
            if (!turn.tryAcquire(BUSY_SECONDS, TimeUnit.SECONDS)) {
                return none(channel, "other predictions are being made; try again");
            }
            try {
                ChannelCopy copy =
                        channel.copy().get().get(COPY_SECONDS, TimeUnit.SECONDS).orElse(null);
                return copy == null
                        ? none(channel, Objects.requireNonNullElse(channel.reason(), "the channel knows no server yet"))
                        : predict(channel, copy, call, change);
            } finally {
                turn.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return none(channel, "the prediction was interrupted");
        } catch (TimeoutException e) {
            return none(channel, "the channel is busy and did not answer within " + COPY_SECONDS + " s");
        } catch (ExecutionException e) {
            return none(channel, "the channel could not be copied: " + e.getCause());
        }
    }

    private Prediction predict(ChannelCopies.Source channel, ChannelCopy copy, DryCall call, WhatIf change) {
        List<Endpoint> servers =
                copy.known().stream().map(EndpointCandidate::endpoint).toList();
        change.requireFits(servers);
        LbConfig now = copy.config();
        LbConfig then = then(channel, copy, change);
        Traffic traffic = Traffic.of(copy.known(), copy.nanoTime(), call.perSecond());
        Outcome before = outcome(copy, now, WhatIf.NOTHING, traffic, call);
        Outcome after = change.isNothing() ? null : outcome(copy, then, change, traffic, call);
        return new Prediction(
                channel.service(),
                channel.client(),
                now.policy(),
                before == null ? List.of() : before.steps(),
                after == null ? null : after.steps(),
                shares(servers, before),
                shares(servers, after),
                new Part(failed(before), failed(after)),
                new Part(waited(before), waited(after)),
                reason(copy, now, then, before, after));
    }

    private LbConfig then(ChannelCopies.Source channel, ChannelCopy copy, WhatIf change) {
        String policy = change.policy();
        if (policy == null || policy.equals(copy.config().policy())) {
            return copy.config();
        }
        if (!copy.policies().names().contains(policy)) {
            throw new IllegalValueException(
                    "policy", policy, "one of " + copy.policies().names());
        }
        return copy.config().withPolicy(policy, options.of(channel.client(), policy));
    }

    private @Nullable Outcome outcome(ChannelCopy copy, LbConfig config, WhatIf change, Traffic traffic, DryCall call) {
        return copy.policies().isShared(config.policy())
                ? null
                : new DryChannel(copy, config, change, traffic, seed).make(call, Prediction.PICKS);
    }

    private static @Nullable String reason(
            ChannelCopy copy, LbConfig now, LbConfig then, @Nullable Outcome before, @Nullable Outcome after) {
        for (LbConfig config : List.of(now, then)) {
            if (copy.policies().isShared(config.policy())) {
                return "policy " + config.policy()
                        + " is one object for all channels, and asking it could change what it"
                        + " picks next; a PolicyFactory makes policies that can be tried";
            }
        }
        String afterwards = after == null ? null : after.reason();
        return afterwards != null ? afterwards : before == null ? null : before.reason();
    }

    private static @Nullable List<Share> shares(List<Endpoint> servers, @Nullable Outcome outcome) {
        if (outcome == null) {
            return null;
        }
        List<Share> shares = new ArrayList<>(servers.size());
        for (int i = 0; i < servers.size(); i++) {
            Endpoint server = servers.get(i);
            shares.add(new Share(server.address(), server.id(), part(outcome.calls()[i])));
        }
        return shares;
    }

    private static @Nullable Double failed(@Nullable Outcome outcome) {
        return outcome == null ? null : (Double) part(outcome.failed());
    }

    private static @Nullable Double waited(@Nullable Outcome outcome) {
        return outcome == null ? null : (Double) part(outcome.waited());
    }

    private static double part(int calls) {
        return (double) calls / Prediction.PICKS;
    }

    private static void requireOne(String name, @Nullable String given, List<String> found) {
        TreeSet<String> different = new TreeSet<>(found);
        if (different.size() > 1) {
            throw new IllegalValueException(name, given, "one of " + String.join(", ", different));
        }
    }

    private static Prediction none(ChannelCopies.Source channel, String reason) {
        return Prediction.none(channel.service(), channel.client(), channel.policy(), reason);
    }

    private String noneFor(@Nullable String service, @Nullable String client) {
        String used = channels.sources().stream()
                .map(ChannelCopies.Source::service)
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        return "no channel" + (client == null ? "" : " of client '" + client + "'")
                + (service == null ? "" : " for service '" + service + "'")
                + " is in use; an idle one is after its next call (in use: " + (used.isEmpty() ? "none" : used) + ")";
    }
}
