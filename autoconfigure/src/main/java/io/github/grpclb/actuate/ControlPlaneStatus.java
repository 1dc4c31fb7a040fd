package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Internal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a control plane for xDS clients in this process does. Immutable.
 *
 * @param port where it listens
 * @param streams how many streams are open
 * @param clients who has one, those with rejections first; at most {@value #MOST_CLIENTS}
 */
public record ControlPlaneStatus(int port, int streams, List<Client> clients) {

    /** How many clients are told of at most. */
    public static final int MOST_CLIENTS = 100;

    public ControlPlaneStatus {
        clients = List.copyOf(clients);
    }

    /**
     * A client with a stream.
     *
     * @param node the id that it gives itself; may be empty
     * @param zone the zone that it says it is in; empty for none
     * @param resources how many resources it has
     * @param rejections what it was told and rejected, and has not accepted since
     */
    public record Client(String node, String zone, int resources, List<Rejection> rejections) {

        public Client {
            rejections = List.copyOf(rejections);
        }
    }

    /**
     * A resource that a client rejects.
     *
     * @param type its type's URL
     * @param name its name
     * @param reason in the client's words
     */
    public record Rejection(String type, String name, String reason) {}

    /** Knows it. */
    @Internal
    @FunctionalInterface
    public interface Source {

        /** Returns what is known now; null while there is no control plane. */
        @Nullable
        ControlPlaneStatus status();
    }
}
