package io.github.grpclb.load;

import io.grpc.Status;

/** What the end of a call says about the server that had it. */
public enum CallOutcome {
    /** The server did its work; a status that is the caller's or the application's business, such as NOT_FOUND, is one too. */
    SUCCESS,
    /** The server could not do its work, or not in time. */
    FAILURE,
    /** The caller gave up before its deadline, which says nothing about the server. */
    CANCELLED;

    /**
     * Tells the outcome of a call. What counts as a failure is what go-zero's {@code codes.Acceptable} refuses, and UNKNOWN, with
     * which gRPC answers where an application throws.
     *
     * @param status with which the call ended
     * @param late whether the deadline of the call had passed by then: gRPC cancels such a call as the caller would
     */
    public static CallOutcome of(Status.Code status, boolean late) {
        return switch (status) {
            case UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS ->
                FAILURE;
            case CANCELLED -> late ? FAILURE : CANCELLED;
            case OK,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    FAILED_PRECONDITION,
                    ABORTED,
                    OUT_OF_RANGE,
                    UNAUTHENTICATED -> SUCCESS;
        };
    }
}
