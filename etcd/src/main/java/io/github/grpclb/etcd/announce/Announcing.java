package io.github.grpclb.etcd.announce;

import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import java.time.Duration;

/**
 * What the registrations of one registrar have in common.
 *
 * @param ttl what is asked for
 * @param callTimeout how long a call may take
 * @param withdrawTimeout how long a withdrawal may take
 */
record Announcing(
        EtcdLoop loop,
        EtcdApi api,
        EndpointCodec codec,
        RegistryObserver observer,
        Duration ttl,
        Duration callTimeout,
        Duration withdrawTimeout) {}
