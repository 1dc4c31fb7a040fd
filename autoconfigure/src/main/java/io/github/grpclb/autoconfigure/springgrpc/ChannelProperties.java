package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindResult;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * What Spring gRPC's own properties say of a channel: {@code spring.grpc.client.channel.*} of Spring Boot 4.1, and
 * {@code spring.grpc.client.channels.*} and {@code default-channel} of the versions before. They are read here since the host's classes
 * moved, and do not tell what was set from what is there by default.
 */
final class ChannelProperties {

    /** The name of the channel whose settings hold for those that have none. */
    static final String DEFAULT = "default";

    private static final String PREFIX = "spring.grpc.client.";

    private final Map<String, Channel> channels;
    private final Map<String, LegacyChannel> legacyChannels;
    private final LegacyChannel legacyDefault;

    /** Channels with any settings, also with such as are not read here. */
    private final Set<String> names;

    private final Set<String> legacyNames;

    record Channel(@Nullable String target, @Nullable Idle idle) {

        static final Channel EMPTY = new Channel(null, null);

        @Nullable
        String idleTimeout() {
            return idle == null ? null : idle.timeout();
        }
    }

    record Idle(@Nullable String timeout) {}

    record LegacyChannel(@Nullable String address, @Nullable String idleTimeout) {

        static final LegacyChannel EMPTY = new LegacyChannel(null, null);
    }

    ChannelProperties(Environment environment) {
        Binder binder = Binder.get(environment);
        this.channels = map(binder, "channel", Channel.class);
        this.names = map(binder, "channel", Object.class).keySet();
        this.legacyChannels = map(binder, "channels", LegacyChannel.class);
        this.legacyNames = map(binder, "channels", Object.class).keySet();
        BindResult<LegacyChannel> all = binder.bind(PREFIX + "default-channel", LegacyChannel.class);
        this.legacyDefault = all.isBound() ? all.get() : LegacyChannel.EMPTY;
    }

    private static <T> Map<String, T> map(Binder binder, String property, Class<T> type) {
        BindResult<Map<String, T>> bound = binder.bind(PREFIX + property, Bindable.mapOf(String.class, type));
        return bound.isBound() ? bound.get() : Map.of();
    }

    /** Returns the target that is set for a channel, with the placeholders that nothing was known of; null if there is none. */
    @Nullable
    String target(String name) {
        return Stream.of(
                        channels.getOrDefault(name, Channel.EMPTY).target(),
                        legacyChannels.getOrDefault(name, LegacyChannel.EMPTY).address())
                .map(BlankIsAbsent::textOrNull)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Returns what is set for all channels whose names are no targets, where the host has such a property; null otherwise. */
    @Nullable
    String targetOfAll() {
        return BlankIsAbsent.textOrNull(legacyDefault.address());
    }

    /** Returns the targets that are set where Spring Boot 4.1 does not look for them any more: property and value, in order. */
    Map<String, String> legacyTargets() {
        Map<String, String> targets = new TreeMap<>();
        legacyChannels.forEach((name, channel) -> put(targets, "channels." + name + ".address", channel.address()));
        put(targets, "default-channel.address", legacyDefault.address());
        return targets;
    }

    private static void put(Map<String, String> targets, String property, @Nullable String address) {
        String written = BlankIsAbsent.textOrNull(address);
        if (written != null) {
            targets.put(PREFIX + property, written);
        }
    }

    /** Says whether it is set when a channel goes idle. A channel with settings of its own takes none of the default one's. */
    boolean setsIdleTimeout(String name) {
        String idle = channels.getOrDefault(names.contains(name) ? name : DEFAULT, Channel.EMPTY)
                .idleTimeout();
        LegacyChannel legacy =
                legacyNames.contains(name) ? legacyChannels.getOrDefault(name, LegacyChannel.EMPTY) : legacyDefault;
        return BlankIsAbsent.textOrNull(idle) != null || BlankIsAbsent.textOrNull(legacy.idleTimeout()) != null;
    }
}
