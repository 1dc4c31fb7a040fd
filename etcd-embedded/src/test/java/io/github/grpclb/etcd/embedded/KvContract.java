package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareResult;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.MemberListRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeRequest.SortOrder;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

abstract class KvContract extends EtcdContract {

    @Test
    void numbersRevisionsAndVersions() {
        long first = put("a", "1").getHeader().getRevision();
        long second = put("a", "2").getHeader().getRevision();

        var kv = get("a").getKvs(0);
        assertThat(second).isEqualTo(first + 1);
        assertThat(kv.getCreateRevision()).isEqualTo(first);
        assertThat(kv.getModRevision()).isEqualTo(second);
        assertThat(kv.getVersion()).isEqualTo(2);
    }

    @Test
    void startsAKeyAnewAfterItsDeletion() {
        put("a", "1");
        delete("a");
        long revision = put("a", "2").getHeader().getRevision();

        assertThat(get("a").getKvs(0).getCreateRevision()).isEqualTo(revision);
        assertThat(get("a").getKvs(0).getVersion()).isOne();
    }

    @Test
    void makesNoRevisionWhenNothingIsDeleted() {
        long before = revision();

        delete("nothing");

        assertThat(revision()).isEqualTo(before);
    }

    @Test
    void pagesThroughAPrefixAtOneRevision() {
        put("a", "1");
        put("b", "1");
        long revision = put("c", "1").getHeader().getRevision();
        put("d", "later");

        RangeResponse page =
                etcd.kv().range(allKeys().setRevision(revision).setLimit(2).build());
        RangeResponse rest = etcd.kv()
                .range(allKeys()
                        .setKey(page.getKvs(1).getKey().concat(RawEtcdClient.bytes("\0")))
                        .setRevision(revision)
                        .setLimit(2)
                        .build());

        assertThat(names(page.getKvsList())).containsExactly("a", "b");
        assertThat(page.getMore()).isTrue();
        assertThat(page.getCount()).isEqualTo(3);
        assertThat(names(rest.getKvsList())).containsExactly("c");
        assertThat(rest.getMore()).isFalse();
    }

    @Test
    void readsFromAKeyOn() {
        put("a", "1");
        put("b", "1");

        RangeResponse found = etcd.kv()
                .range(RangeRequest.newBuilder()
                        .setKey(key("b"))
                        .setRangeEnd(RawEtcdClient.bytes("\0"))
                        .setLimit(1)
                        .build());

        assertThat(names(found.getKvsList())).containsExactly("b");
    }

    @Test
    void sortsDescendingAndOmitsValues() {
        put("a", "1");
        put("b", "1");

        RangeResponse found = etcd.kv()
                .range(allKeys()
                        .setSortOrder(SortOrder.DESCEND)
                        .setKeysOnly(true)
                        .build());

        assertThat(names(found.getKvsList())).containsExactly("b", "a");
        assertThat(found.getKvs(0).getValue()).isEmpty();
    }

    @Test
    void refusesFutureRevisions() {
        long future = revision() + 1_000;

        assertRefused(
                () -> etcd.kv().range(allKeys().setRevision(future).build()),
                "OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision");
        assertRefused(
                () -> etcd.kv()
                        .compact(CompactionRequest.newBuilder()
                                .setRevision(future)
                                .build()),
                "OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision");
    }

    @Test
    void refusesCompactedRevisions() {
        put("a", "1");
        long revision = put("a", "2").getHeader().getRevision();
        CompactionRequest compaction =
                CompactionRequest.newBuilder().setRevision(revision).build();
        etcd.kv().compact(compaction);

        assertThat(etcd.kv().range(allKeys().setRevision(revision).build()).getCount())
                .isOne();
        assertRefused(
                () -> etcd.kv().range(allKeys().setRevision(revision - 1).build()),
                "OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted");
        assertRefused(
                () -> etcd.kv().compact(compaction),
                "OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted");
    }

    @Test
    void refusesIncompletePuts() {
        assertRefused(
                () -> etcd.kv().put(PutRequest.getDefaultInstance()),
                "INVALID_ARGUMENT: etcdserver: key is not provided");
        assertRefused(() -> put("a", "1", 4711), "NOT_FOUND: etcdserver: requested lease not found");
        assertRefused(
                () -> etcd.kv()
                        .put(PutRequest.newBuilder()
                                .setKey(key("missing"))
                                .setIgnoreValue(true)
                                .build()),
                "INVALID_ARGUMENT: etcdserver: key not found");
    }

    @Test
    void refusesLargeRequests() {
        put("a", "x".repeat(1024 * 1024));

        assertRefused(() -> put("a", "x".repeat(1536 * 1024)), "INVALID_ARGUMENT: etcdserver: request is too large");
    }

    @Test
    void doesAsManyOperationsInATransactionAsItAllows() {
        long before = revision();

        TxnResponse response = etcd.kv().txn(puts(128));

        assertThat(response.getResponsesCount()).isEqualTo(128);
        assertThat(response.getHeader().getRevision()).isEqualTo(before + 1);
        assertRefused(
                () -> etcd.kv().txn(puts(129)), "INVALID_ARGUMENT: etcdserver: too many operations in txn request");
    }

    @Test
    void refusesToWriteAKeyTwiceInATransaction() {
        RequestOp delete = RequestOp.newBuilder()
                .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(key("0")))
                .build();
        RequestOp nested = RequestOp.newBuilder().setRequestTxn(puts(1)).build();

        for (RequestOp second : new RequestOp[] {put(0), delete, nested}) {
            assertRefused(
                    () -> etcd.kv()
                            .txn(TxnRequest.newBuilder()
                                    .addSuccess(put(0))
                                    .addSuccess(second)
                                    .build()),
                    "INVALID_ARGUMENT: etcdserver: duplicate key given in txn request");
        }
    }

    @Test
    void writesOnlyIfAKeyIsMissing() {
        TxnRequest create = TxnRequest.newBuilder()
                .addCompare(Compare.newBuilder()
                        .setKey(key("0"))
                        .setTarget(CompareTarget.CREATE)
                        .setResult(CompareResult.EQUAL)
                        .setCreateRevision(0))
                .addSuccess(put(0))
                .build();

        assertThat(etcd.kv().txn(create).getSucceeded()).isTrue();
        assertThat(etcd.kv().txn(create).getSucceeded()).isFalse();
    }

    @Test
    void comparesEveryKeyOfARange() {
        put("a", "1");
        put("b", "2");
        Compare.Builder greater = Compare.newBuilder()
                .setKey(key(""))
                .setRangeEnd(keysEnd())
                .setTarget(CompareTarget.VALUE)
                .setResult(CompareResult.GREATER);

        assertThat(holds(greater.setValue(RawEtcdClient.bytes("0")))).isTrue();
        assertThat(holds(greater.setValue(RawEtcdClient.bytes("1")))).isFalse();
    }

    @Test
    void comparesTheLeaseOfAKey() {
        long lease = etcd.lease()
                .leaseGrant(LeaseGrantRequest.newBuilder().setTTL(60).build())
                .getID();
        put("a", "1", lease);

        assertThat(holds(leaseIs(lease))).isTrue();
        assertThat(holds(leaseIs(lease + 1))).isFalse();
    }

    @Test
    void namesItsOneMemberInEveryHeader() {
        ResponseHeader header = get("any").getHeader();
        var members = etcd.cluster().memberList(MemberListRequest.getDefaultInstance());
        var status = etcd.maintenance().status(StatusRequest.getDefaultInstance());

        assertThat(header.getClusterId())
                .isNotZero()
                .isEqualTo(members.getHeader().getClusterId());
        assertThat(header.getMemberId())
                .isNotZero()
                .isEqualTo(members.getMembers(0).getID());
        assertThat(header.getRaftTerm()).isEqualTo(2).isEqualTo(status.getRaftTerm());
        assertThat(members.getMembers(0).getClientURLs(0)).isEqualTo(endpoint().toString());
        assertThat(status.getLeader()).isEqualTo(header.getMemberId());
        assertThat(status.getVersion()).startsWith("3.");
    }

    @Test
    void hasNoAlarms() {
        assertThat(etcd.maintenance().alarm(AlarmRequest.getDefaultInstance()).getAlarmsList())
                .isEmpty();
    }

    private RangeRequest.Builder allKeys() {
        return RangeRequest.newBuilder().setKey(key("")).setRangeEnd(keysEnd());
    }

    private TxnRequest puts(int count) {
        return TxnRequest.newBuilder()
                .addAllSuccess(IntStream.range(0, count).mapToObj(this::put).toList())
                .build();
    }

    private RequestOp put(int number) {
        return RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder().setKey(key(Integer.toString(number))))
                .build();
    }

    private boolean holds(Compare.Builder compare) {
        return etcd.kv()
                .txn(TxnRequest.newBuilder().addCompare(compare).build())
                .getSucceeded();
    }

    /** jetcd's copy of the proto file has neither the target 4, LEASE, nor the field 8, lease. */
    private Compare.Builder leaseIs(long lease) {
        return Compare.newBuilder()
                .setKey(key("a"))
                .setTargetValue(4)
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(8, Field.newBuilder().addVarint(lease).build())
                        .build());
    }
}
