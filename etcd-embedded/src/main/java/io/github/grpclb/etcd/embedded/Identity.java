package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.ResponseHeader;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The one member of this cluster. Both ids are made anew at each start: what starts empty is another cluster.
 *
 * @param clusterId the cluster's id
 * @param memberId the member's id
 */
record Identity(long clusterId, long memberId) {

    /** The first election makes it 2 on a real etcd. */
    static final long RAFT_TERM = 2;

    static Identity random() {
        ThreadLocalRandom chance = ThreadLocalRandom.current();
        return new Identity(chance.nextLong(1, Long.MAX_VALUE), chance.nextLong(1, Long.MAX_VALUE));
    }

    ResponseHeader header(long revision) {
        return ResponseHeader.newBuilder()
                .setClusterId(clusterId)
                .setMemberId(memberId)
                .setRaftTerm(RAFT_TERM)
                .setRevision(revision)
                .build();
    }
}
