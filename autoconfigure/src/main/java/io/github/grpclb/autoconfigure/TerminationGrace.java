package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.ConfigurationCheck;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.server.ServerLifecycle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds a server that may be killed while it still stops: whoever ends this process gives it less time, as is told here, than the times
 * that are configured for its stop add up to. Where nothing is told, nothing is said.
 */
final class TerminationGrace implements ConfigurationCheck {

    static final String VARIABLE = "TERMINATION_GRACE_PERIOD_SECONDS";

    private static final String REGISTRATION = "grpc.lb.registration.";
    private static final String PROPERTY = REGISTRATION + "termination-grace";

    private final GrpcLbProperties.Registration properties;
    private final ServerLifecycle server;
    private final Supplier<@Nullable HostShutdownGrace> host;
    private final @Nullable Duration told;
    private final String source;

    /**
     * Checks what is told.
     *
     * @param variable the environment variable's value, or null
     * @param host asked for once the application is ready; null where no host is known
     * @throws InvalidPropertyException if it is no time
     */
    TerminationGrace(
            GrpcLbProperties.Registration properties,
            @Nullable String variable,
            ServerLifecycle server,
            Supplier<@Nullable HostShutdownGrace> host) {
        this.properties = properties;
        this.server = server;
        this.host = host;
        Duration set = properties.terminationGrace();
        if (set != null && set.isNegative()) {
            throw new InvalidPropertyException(
                    PROPERTY,
                    InvalidPropertyException.shown(set),
                    "0 or more",
                    "Set the time that this process has from SIGTERM to SIGKILL, or leave it out.");
        }
        this.told = set != null ? set : ofVariable(BlankIsAbsent.textOrNull(variable));
        this.source = set != null ? PROPERTY : "environment variable " + VARIABLE;
    }

    private static @Nullable Duration ofVariable(@Nullable String seconds) {
        if (seconds == null) {
            return null;
        }
        try {
            return Duration.ofSeconds(Integer.parseUnsignedInt(seconds.strip()));
        } catch (NumberFormatException e) {
            throw new InvalidPropertyException(
                    VARIABLE,
                    seconds,
                    "a whole number of seconds, 0 or more",
                    "Set it to the pod's terminationGracePeriodSeconds, remove the variable, or set " + PROPERTY + ".");
        }
    }

    @Override
    public Collection<String> warnings() {
        boolean serves = !server.registrations().isEmpty() || server.isWaiting();
        return told != null && serves ? warnings(told, host.get()) : List.of();
    }

    private List<String> warnings(Duration told, @Nullable HostShutdownGrace grace) {
        List<String> parts = new ArrayList<>();
        GrpcLbProperties.Drain drain = properties.drain();
        // who does not wait for quiet has no use for the longest wait
        Duration quiet = drain.quietPeriod().isZero() ? Duration.ZERO : drain.timeout();
        Duration sum = add(parts, REGISTRATION + "drain.timeout", quiet)
                .plus(add(parts, REGISTRATION + "drain.stream-grace", drain.streamGrace()))
                .plus(add(parts, "twice " + REGISTRATION + "withdraw-timeout", properties.withdrawTimeout())
                        .multipliedBy(2));
        Duration ofHost = grace == null ? Duration.ZERO : grace.time();
        String property = grace == null ? "" : grace.property();
        boolean endless = ofHost.isNegative();
        if (endless) {
            parts.add(property + " without an end");
        } else {
            sum = sum.plus(add(parts, property, ofHost));
        }
        if (!endless && sum.compareTo(told) <= 0) {
            return List.of();
        }
        return List.of("This server may be killed before its calls have ended: it has "
                + shown(told) + " (" + source + "), and to stop may take "
                + (endless ? "for ever" : shown(sum)) + ": " + String.join(" + ", parts)
                + ". Shorten these, or give it more time; what a preStop hook takes comes on top");
    }

    private static Duration add(List<String> parts, String name, Duration time) {
        if (!time.isZero()) {
            parts.add(name + " " + shown(time));
        }
        return time;
    }

    /** Whole seconds as such: in milliseconds nobody adds them up. */
    private static String shown(Duration time) {
        return time.toNanosPart() == 0 && time.toMillisPart() == 0
                ? time.toSeconds() + "s"
                : InvalidPropertyException.shown(time);
    }
}
