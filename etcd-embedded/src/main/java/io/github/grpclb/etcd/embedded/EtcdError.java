package io.github.grpclb.etcd.embedded;

import io.grpc.Status;

/** What etcd answers when a request cannot be done, in its own words: clients compare the texts. */
enum EtcdError {
    EMPTY_KEY(Status.Code.INVALID_ARGUMENT, "key is not provided"),
    KEY_NOT_FOUND(Status.Code.INVALID_ARGUMENT, "key not found"),
    VALUE_PROVIDED(Status.Code.INVALID_ARGUMENT, "value is provided"),
    LEASE_PROVIDED(Status.Code.INVALID_ARGUMENT, "lease is provided"),
    TOO_MANY_OPERATIONS(Status.Code.INVALID_ARGUMENT, "too many operations in txn request"),
    DUPLICATE_KEY(Status.Code.INVALID_ARGUMENT, "duplicate key given in txn request"),
    REQUEST_TOO_LARGE(Status.Code.INVALID_ARGUMENT, "request is too large"),
    COMPACTED(Status.Code.OUT_OF_RANGE, "mvcc: required revision has been compacted"),
    FUTURE_REVISION(Status.Code.OUT_OF_RANGE, "mvcc: required revision is a future revision"),
    LEASE_NOT_FOUND(Status.Code.NOT_FOUND, "requested lease not found"),
    LEASE_EXISTS(Status.Code.FAILED_PRECONDITION, "lease already exists"),
    TTL_TOO_LARGE(Status.Code.OUT_OF_RANGE, "too large lease TTL");

    private final Status.Code code;
    private final String text;

    EtcdError(Status.Code code, String reason) {
        this.code = code;
        this.text = "etcdserver: " + reason;
    }

    String text() {
        return text;
    }

    Status status() {
        return code.toStatus().withDescription(text);
    }
}
