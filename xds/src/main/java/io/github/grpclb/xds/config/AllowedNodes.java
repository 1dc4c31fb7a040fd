package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.LogText;
import io.grpc.Status;
import io.grpc.StatusException;
import java.util.List;

/**
 * Which clients are served, by the id of their node, which each gives itself: a guard against mistakes, and, with certificates or a token
 * beside it, no more than that. Immutable.
 *
 * @param ids ids, or the beginnings of ids with {@code *} behind; empty for every client
 */
public record AllowedNodes(List<String> ids) {

    /** Everyone. */
    public static final AllowedNodes ALL = new AllowedNodes(List.of());

    public AllowedNodes {
        ids = List.copyOf(ids);
    }

    /**
     * Checks that a client is served.
     *
     * @throws StatusException if it is not, for its stream to end with
     */
    public void require(String id) throws StatusException {
        if (!contains(id)) {
            throw Status.PERMISSION_DENIED
                    .withDescription("this control plane does not serve the node \"" + LogText.of(id)
                            + "\"; its list of nodes has to name it")
                    .asException();
        }
    }

    private boolean contains(String id) {
        return ids.isEmpty()
                || ids.stream()
                        .anyMatch(each -> each.endsWith("*")
                                ? id.startsWith(each.substring(0, each.length() - 1))
                                : id.equals(each));
    }
}
