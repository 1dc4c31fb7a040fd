package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.IllegalValueException;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/** How clients choose a server. Immutable. */
public sealed interface BalancingPolicy {

    /** One after the other, in proportion to the registered weights. */
    record RoundRobin() implements BalancingPolicy {}

    /**
     * The server with the fewest calls of this client in flight, of a few drawn at random. It heeds no weights.
     *
     * @param choices how many are drawn, 2 to 10
     */
    record LeastRequest(int choices) implements BalancingPolicy {

        public LeastRequest {
            if (choices < 2 || choices > 10) {
                throw new IllegalValueException("choices", choices, "2 to 10");
            }
        }
    }

    /**
     * Calls with the same value of a header go to the same server, in proportion to the registered weights (Ketama's ring).
     *
     * @param header the header whose value is hashed; in lower case, whatever it is given in
     */
    record RingHash(String header) implements BalancingPolicy {

        public RingHash {
            header = header.toLowerCase(Locale.ROOT);
            if (!isNameOfText(header)) {
                throw new IllegalValueException("header", header, "the name of a header whose value is text");
            }
        }
    }

    private static boolean isNameOfText(String header) {
        try {
            Metadata.Key.of(header, Metadata.ASCII_STRING_MARSHALLER);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * In proportion to what the servers report of their load (gRFC A58): clients weigh requests per second against utilization. Registered
     * weights count between zones alone.
     *
     * @param blackout for how long after a connection is made its reports do not count, not negative
     * @param expiry for how long a report counts, more than 0
     */
    record ReportedLoad(Duration blackout, Duration expiry) implements BalancingPolicy {

        public ReportedLoad {
            if (blackout.isNegative()) {
                throw new IllegalValueException("blackout", blackout, "a duration that is not negative");
            }
            if (expiry.isNegative() || expiry.isZero()) {
                throw new IllegalValueException("expiry", expiry, "a duration above 0");
            }
        }
    }

    /**
     * A policy that some clients know, by its name in gRPC's registry of load balancers; the others use {@link RoundRobin}.
     *
     * @param name such as {@code endpoint_lb}
     * @param config its configuration, values as in JSON: text, {@link Double}, {@link Boolean}, lists and maps of these
     */
    record Named(String name, Map<String, ?> config) implements BalancingPolicy {

        public Named {
            if (name.isBlank()) {
                throw new IllegalValueException("name", name, "the name of a load balancer");
            }
            config = Map.copyOf(config);
        }
    }
}
