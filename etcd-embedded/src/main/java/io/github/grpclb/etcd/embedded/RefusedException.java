package io.github.grpclb.etcd.embedded;

/** A request that etcd refuses. Nothing has been changed by it. */
final class RefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final EtcdError error;

    RefusedException(EtcdError error) {
        super(error.text());
        this.error = error;
    }

    EtcdError error() {
        return error;
    }
}
