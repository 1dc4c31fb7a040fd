package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Internal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a control plane for xDS clients in this process does. Immutable.
 *
 * @param port where it listens
 * @param streams how many streams are open
 * @param clients who has one, those with rejections first; at most {@value #MOST_CLIENTS}
 * @param loads what clients reported of their calls in the last interval, where they are to report; at most {@value #MOST_LOADS}
 */
public record ControlPlaneStatus(int port, int streams, List<Client> clients, List<Load> loads) {

    /** How many clients are told of at most. */
    public static final int MOST_CLIENTS = 100;

    /** How many loads are told of at most. */
    public static final int MOST_LOADS = 1_000;

    public ControlPlaneStatus {
        clients = List.copyOf(clients);
        loads = List.copyOf(loads);
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

    /**
     * The calls to a server, or to the servers of a zone, that clients reported.
     *
     * @param service the service's name
     * @param part which of the service's servers were called, such as {@code version=v2}; null for any
     * @param zone of the server; null for none
     * @param address of the server; null where clients count the servers of a zone together
     * @param issued how many calls began
     * @param succeeded how many ended with {@code OK}
     * @param failed how many ended with another status
     * @param inProgress how many had not ended
     * @param metrics means of what the servers reported (ORCA), by name
     */
    public record Load(
            String service,
            @Nullable String part,
            @Nullable String zone,
            @Nullable String address,
            long issued,
            long succeeded,
            long failed,
            long inProgress,
            Map<String, Double> metrics) {

        public Load {
            metrics = Map.copyOf(metrics);
        }
    }

    /** Knows it. */
    @Internal
    public interface Source {

        /** Returns where the control plane listens; -1 while there is none. */
        int port();

        /** Returns how many streams are open. */
        int streams();

        /** Finds out all of it, which takes a look at each client; null while there is no control plane. */
        @Nullable
        ControlPlaneStatus status();
    }
}
