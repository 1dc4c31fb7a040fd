package io.github.grpclb.etcd.client;

/** etcd cannot be used. The message says why and which endpoints were tried; it holds no secret. */
public final class EtcdUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    EtcdUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Returns whether etcd is there and does not accept user, password or certificate. */
    public boolean isRefusal() {
        return getCause() instanceof EtcdException cause && cause.kind() == EtcdException.Kind.AUTHENTICATION;
    }
}
