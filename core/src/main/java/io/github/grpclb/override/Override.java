package io.github.grpclb.override;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Objects;

/**
 * What an operator overrides of a service, for a while. It ends by itself. Immutable.
 *
 * @param service the service's name, not blank
 * @param name tells it from the service's other overrides; not blank
 * @param selector whom it is about; {@link Selector.All} for an {@link Effect} on how calls are balanced
 * @param effect what is otherwise
 * @param author who wants it so; not blank
 * @param reason why; not blank
 * @param since from when
 * @param until until when; after {@code since}, and at most {@link #LONGEST} after it
 * @param key the name under which the registry holds it, opaque; empty where it holds none
 * @param createRevision the registry's revision in which that key was created; 0 when there is none
 */
public record Override(
        String service,
        String name,
        Selector selector,
        Effect effect,
        String author,
        String reason,
        Instant since,
        Instant until,
        String key,
        long createRevision) {

    /** The longest time that an override can be for. */
    public static final Duration LONGEST = Duration.ofDays(7);

    /** The longest text that it may have of an author, a reason or a name, in characters. */
    public static final int LONGEST_TEXT = 500;

    /** Whom an override is about. */
    public sealed interface Selector {

        /** Says whether an endpoint is meant. */
        boolean selects(Endpoint endpoint);

        /**
         * One server.
         *
         * @param idOrAddress its id, or {@code host:port}
         */
        record Server(String idOrAddress) implements Selector {

            public Server {
                requireText("server", idOrAddress);
            }

            @java.lang.Override
            public boolean selects(Endpoint endpoint) {
                return idOrAddress.equals(endpoint.id()) || idOrAddress.equals(endpoint.address());
            }
        }

        /**
         * The servers that run a version.
         *
         * @param version as they are registered
         */
        record Version(String version) implements Selector {

            public Version {
                requireText("version", version);
            }

            @java.lang.Override
            public boolean selects(Endpoint endpoint) {
                return version.equals(endpoint.version());
            }
        }

        /**
         * The servers of a zone.
         *
         * @param zone as they are registered
         */
        record Zone(String zone) implements Selector {

            public Zone {
                requireText("zone", zone);
            }

            @java.lang.Override
            public boolean selects(Endpoint endpoint) {
                return zone.equals(endpoint.zone());
            }
        }

        /** All servers of the service. */
        record All() implements Selector {

            @java.lang.Override
            public boolean selects(Endpoint endpoint) {
                return true;
            }
        }
    }

    /** What is otherwise. */
    public sealed interface Effect {

        /**
         * Servers have another weight.
         *
         * @param weight 0 to {@link Endpoint#MAX_WEIGHT}
         */
        record Weight(int weight) implements Effect {

            public Weight {
                if (weight < 0 || weight > Endpoint.MAX_WEIGHT) {
                    throw new IllegalValueException("weight", weight, "0 to " + Endpoint.MAX_WEIGHT);
                }
            }
        }

        /** Servers take no new calls. */
        record Disabled() implements Effect {}

        /**
         * Another policy picks.
         *
         * @param policy its name
         */
        record Policy(String policy) implements Effect {

            public Policy {
                requireText("policy", policy);
            }
        }

        /**
         * Calls that name no value are divided by a tag.
         *
         * @param split how
         */
        record Split(BalancingOverride.Split split) implements Effect {}

        /** Says whether it is about how calls are balanced, and so about the service as a whole. */
        default boolean isOfService() {
            return this instanceof Policy || this instanceof Split;
        }
    }

    public Override {
        requireText("service", service);
        requireText("name", name);
        requireText("author", author);
        requireText("reason", reason);
        Objects.requireNonNull(key, "key");
        if (effect.isOfService() && !(selector instanceof Selector.All)) {
            throw new IllegalValueException("selector", selector, "the service, for a policy or a split");
        }
        if (!until.isAfter(since) || Duration.between(since, until).compareTo(LONGEST) > 0) {
            throw new IllegalValueException(
                    "until", until, "after " + since + ", by " + LONGEST.toDays() + " d at most");
        }
    }

    /** Returns for how long it is. */
    public Duration duration() {
        return Duration.between(since, until);
    }

    /** Returns a sentence for a person to read: what is overridden, by whom, until when and why. */
    public String describe() {
        return whatItDoes() + " by " + author + " until " + until.truncatedTo(ChronoUnit.SECONDS) + ": " + reason;
    }

    private String whatItDoes() {
        if (effect instanceof Effect.Weight weight) {
            return "weight " + weight.weight();
        }
        if (effect instanceof Effect.Policy policy) {
            return "policy " + policy.policy();
        }
        if (effect instanceof Effect.Split split) {
            return String.format(
                    Locale.ROOT,
                    "split by %s %s",
                    split.split().key(),
                    split.split().shares());
        }
        return "disabled";
    }

    private static void requireText(String name, String value) {
        if (value.isBlank() || value.length() > LONGEST_TEXT) {
            throw new IllegalValueException(
                    name, value, "a text that is not blank, of at most " + LONGEST_TEXT + " characters");
        }
    }
}
