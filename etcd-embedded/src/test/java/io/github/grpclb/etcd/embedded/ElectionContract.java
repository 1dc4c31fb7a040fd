package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.api.CampaignRequest;
import io.etcd.jetcd.api.CampaignResponse;
import io.etcd.jetcd.api.LeaderKey;
import io.etcd.jetcd.api.LeaderRequest;
import io.etcd.jetcd.api.LeaderResponse;
import io.etcd.jetcd.api.ProclaimRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.ResignRequest;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

abstract class ElectionContract extends EtcdContract {

    @Test
    void isWonByTheFirstAndThenByTheNext() {
        long lease = grant();
        CampaignResponse first = get(campaign(lease, "1"));
        Future<CampaignResponse> second = campaign(grant(), "2");
        awaitCandidates(2);

        assertThat(first.getLeader().getName()).isEqualTo(key("e"));
        assertThat(first.getLeader().getKey()).isEqualTo(key("e/" + Long.toHexString(lease)));
        assertThat(first.getLeader().getLease()).isEqualTo(lease);
        assertThat(first.getLeader().getRev()).isEqualTo(first.getHeader().getRevision());
        assertThat(leader().getKv().getValue().toStringUtf8()).isEqualTo("1");
        assertThat(second.isDone()).isFalse();

        resign(first.getLeader());

        assertThat(get(second).getLeader().getRev())
                .isEqualTo(get(second).getHeader().getRevision());
        assertThat(leader().getKv().getKey()).isEqualTo(get(second).getLeader().getKey());
    }

    @Test
    void isLostWithTheLease() {
        long lease = grant();
        get(campaign(lease, "1"));
        Future<CampaignResponse> second = campaign(grant(), "2");
        awaitCandidates(2);

        revoke(lease);

        assertThat(get(second).getLeader().getKey()).isEqualTo(leader().getKv().getKey());
    }

    @Test
    void hasOneCandidacyForALease() {
        long lease = grant();
        CampaignResponse won = get(campaign(lease, "1"));

        CampaignResponse again = get(campaign(lease, "2"));

        assertThat(again.getLeader()).isEqualTo(won.getLeader());
        assertThat(leader().getKv().getValue().toStringUtf8()).isEqualTo("2");
    }

    @Test
    void isNotWaitedForByWhoGaveUp() {
        CampaignResponse won = get(campaign(grant(), "1"));
        Future<CampaignResponse> gone = campaign(grant(), "2");
        awaitCandidates(2);

        gone.cancel(true);

        awaitCandidates(1);
        resign(won.getLeader());
        assertThatItFails(askForLeader(), "election: no leader");
    }

    @Test
    void letsItsLeaderProclaim() {
        LeaderKey leader = get(campaign(grant(), "1")).getLeader();

        proclaim(leader, "2");

        assertThat(leader().getKv().getValue().toStringUtf8()).isEqualTo("2");
        assertThat(leader().getKv().getCreateRevision()).isEqualTo(leader.getRev());
        assertThat(leader().getKv().getLease()).isEqualTo(leader.getLease());
        resign(leader);
        assertThatItFails(
                etcd.election()
                        .proclaim(ProclaimRequest.newBuilder().setLeader(leader).build()),
                "election: not leader");
        resign(leader);
    }

    @Test
    void wantsToKnowTheLeader() {
        assertThatItFails(
                etcd.election().proclaim(ProclaimRequest.getDefaultInstance()), "\"leader\" field must be provided");
        assertThatItFails(
                etcd.election().resign(ResignRequest.getDefaultInstance()), "\"leader\" field must be provided");
    }

    @Test
    void tellsObserversWhoLeadsAndWhatIsProclaimed() {
        Recorder<LeaderResponse> observer = etcd.observe(key("e"));
        LeaderKey first = get(campaign(grant(), "1")).getLeader();
        await().until(() -> observer.received().size() == 1);
        Future<CampaignResponse> second = campaign(grant(), "2");
        awaitCandidates(2);
        proclaim(first, "1b");
        await().until(() -> observer.received().size() == 2);
        Recorder<LeaderResponse> late = etcd.observe(key("e"));
        await().until(() -> late.received().size() == 1);
        resign(first);
        await().until(() -> observer.received().size() == 3);
        resign(get(second).getLeader());
        awaitCandidates(0);
        get(campaign(grant(), "3"));

        await().until(() -> observer.received().size() == 4 && late.received().size() == 3);
        assertThat(values(observer)).containsExactly("1", "1b", "2", "3");
        assertThat(values(late)).containsExactly("1b", "2", "3");
        assertThat(observer.received())
                .extracting(response -> response.getHeader().getRevision())
                .isSorted();
        assertThat(observer.received().get(1).getHeader().getRevision())
                .isEqualTo(observer.received().get(1).getKv().getModRevision());
        assertThat(observer.isOver()).isFalse();
    }

    private Future<CampaignResponse> campaign(long lease, String value) {
        return etcd.election()
                .campaign(CampaignRequest.newBuilder()
                        .setName(key("e"))
                        .setLease(lease)
                        .setValue(RawEtcdClient.bytes(value))
                        .build());
    }

    private void proclaim(LeaderKey leader, String value) {
        get(etcd.election()
                .proclaim(ProclaimRequest.newBuilder()
                        .setLeader(leader)
                        .setValue(RawEtcdClient.bytes(value))
                        .build()));
    }

    private void resign(LeaderKey leader) {
        get(etcd.election().resign(ResignRequest.newBuilder().setLeader(leader).build()));
    }

    private LeaderResponse leader() {
        return get(askForLeader());
    }

    private Future<LeaderResponse> askForLeader() {
        return etcd.election()
                .leader(LeaderRequest.newBuilder().setName(key("e")).build());
    }

    private void awaitCandidates(int count) {
        RangeRequest candidates = RangeRequest.newBuilder()
                .setKey(key("e/"))
                .setRangeEnd(key("e0"))
                .build();
        await().until(() -> etcd.kv().range(candidates).getCount() == count);
    }

    private static List<String> values(Recorder<LeaderResponse> observer) {
        return observer.received().stream()
                .map(response -> response.getKv().getValue().toStringUtf8())
                .toList();
    }
}
