package io.github.grpclb.testing;

import java.net.URI;

/** A real etcd that a test may use and must close. */
public interface EtcdServer extends AutoCloseable {

    /** Returns the URI that clients connect to. It stays the same over restarts. */
    URI endpoint();

    @Override
    void close();
}
