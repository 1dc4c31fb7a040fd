package io.github.grpclb.sample.client;

import io.grpc.Status;

/**
 * How a call ended.
 *
 * @param code the call's status
 * @param server address that the call's connection went to, empty when it never had one
 * @param text the reply, or what went wrong
 */
record Outcome(Status.Code code, String server, String text) {

    boolean ok() {
        return code == Status.Code.OK;
    }
}
