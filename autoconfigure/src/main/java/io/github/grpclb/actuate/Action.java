package io.github.grpclb.actuate;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Something that may be done through the actuator's endpoint {@code grpclb}, at {@code grpclb/<name>}: a {@code POST} does it, and a
 * {@code DELETE} takes it back. A bean of this type is an action; there is none unless {@code grpc.lb.operations.enabled} is true. What it
 * does is told by a {@link Section} of the same name. Thread-safe.
 *
 * <p>What is returned becomes JSON, with the status 200; a {@link WebEndpointResponse} has a status of its own, and null is told as 204.
 * An {@link IllegalArgumentException} is told as 400 with its message.
 */
public interface Action {

    /** Returns its name, which is the last part of its path: lower-case letters and hyphens. */
    String name();

    /** Does it. */
    @Nullable
    Object act(ActionRequest request);

    /** Takes it back. */
    @Nullable
    Object undo(ActionRequest request);
}
