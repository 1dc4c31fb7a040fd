package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.Internal;

/** One client of etcd with connections of its own. Dials when it is first used. */
@Internal
public interface EtcdClient extends EtcdApi {

    /** Dials again at the next call instead of waiting out a back-off. */
    void reconnectNow();

    /** Ends all calls and watches at once. Does not block. */
    void close();
}
