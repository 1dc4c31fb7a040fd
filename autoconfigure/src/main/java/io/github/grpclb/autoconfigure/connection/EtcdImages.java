package io.github.grpclb.autoconfigure.connection;

import java.util.List;

/** What etcd's images are called, without their registries, and where it listens in them. */
final class EtcdImages {

    static final List<String> NAMES =
            List.of("etcd", "coreos/etcd", "etcd-development/etcd", "bitnami/etcd", "bitnamilegacy/etcd");

    static final int PORT = 2379;

    private EtcdImages() {}

    /** Returns an endpoint. */
    static String endpoint(boolean secure, String host, int port) {
        return (secure ? "https://" : "http://") + host + ":" + port;
    }
}
