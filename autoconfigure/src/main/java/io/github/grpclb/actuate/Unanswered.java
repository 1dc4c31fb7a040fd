package io.github.grpclb.actuate;

import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Why a {@link Section} or an {@link Action} has no answer: with the status 503 where the registry gives none, with 400 where what was asked
 * for cannot be. Spring Boot leaves out the message of an exception unless it is told otherwise, so it is an answer like any other.
 *
 * @param version of what is told
 * @param reason for a person to read
 */
public record Unanswered(int version, String reason) {

    static WebEndpointResponse<Unanswered> unavailable(String reason) {
        return new WebEndpointResponse<>(new Unanswered(1, reason), WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
    }

    static WebEndpointResponse<Unanswered> refused(IllegalArgumentException refusal) {
        return new WebEndpointResponse<>(
                new Unanswered(1, String.valueOf(refusal.getMessage())), WebEndpointResponse.STATUS_BAD_REQUEST);
    }
}
