package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import java.util.List;
import org.junit.jupiter.api.Test;

class MvccStoreTest {

    private static final int HISTORY = 5;
    private static final KeyRange ALL = KeyRange.of(RawEtcdClient.bytes("\0"), RawEtcdClient.bytes("\0"));

    private final MvccStore store = new MvccStore(HISTORY);

    @Test
    void givesAllChangesOfACommitOneRevision() {
        store.put(bytes("a"), bytes("1"), LeaseTable.NONE);
        store.put(bytes("b"), bytes("1"), LeaseTable.NONE);
        assertThat(store.commit()).isTrue();

        assertThat(store.range(ALL, MvccStore.LATEST))
                .extracting(KeyValue::getModRevision)
                .containsExactly(2L, 2L);
        assertThat(store.changesFrom(1).keySet()).containsExactly(2L);
    }

    @Test
    void countsTheBytesOfAllVersionsThatAreKept() {
        assertThat(store.bytes()).isZero();
        put("1");
        long one = store.bytes();
        put("2");
        long two = store.bytes();
        assertThat(two).isGreaterThan(one);

        store.compact(3);

        assertThat(store.bytes()).isBetween(1L, two - 1);
        assertThat(store.mostBytes()).isEqualTo(two);
        store.defragment();
        assertThat(store.mostBytes()).isEqualTo(store.bytes());
        delete();
        store.compact(4);
        assertThat(store.bytes()).isZero();
    }

    @Test
    void hasTheSameHashForTheSameVersionsAlone() {
        put("1");
        int first = store.hash(MvccStore.LATEST);
        put("2");
        MvccStore other = new MvccStore(HISTORY);
        other.put(bytes("key"), bytes("1"), LeaseTable.NONE);
        other.commit();

        assertThat(store.hash(2)).isEqualTo(first).isEqualTo(other.hash(MvccStore.LATEST));
        assertThat(store.hash(3)).isNotEqualTo(first);
    }

    @Test
    void makesNoRevisionOfNothing() {
        assertThat(store.commit()).isFalse();

        assertThat(store.revision()).isOne();
    }

    @Test
    void showsChangesBeforeTheyAreCommitted() {
        store.put(bytes("a"), bytes("1"), LeaseTable.NONE);

        assertThat(store.revision()).isEqualTo(2);
        assertThat(values(MvccStore.LATEST)).containsExactly("1");
    }

    @Test
    void readsEveryRevisionSinceTheLastCompaction() {
        put("1");
        put("2");
        delete();
        put("3");

        assertThat(values(1)).isEmpty();
        assertThat(values(2)).containsExactly("1");
        assertThat(values(3)).containsExactly("2");
        assertThat(values(4)).isEmpty();
        assertThat(values(5)).containsExactly("3");
    }

    @Test
    void ordersKeysByUnsignedBytes() {
        ByteString high = ByteString.copyFrom(new byte[] {(byte) 0xff});
        store.put(high, bytes("1"), LeaseTable.NONE);
        store.put(bytes("a"), bytes("1"), LeaseTable.NONE);

        assertThat(store.range(ALL, MvccStore.LATEST))
                .extracting(KeyValue::getKey)
                .containsExactly(bytes("a"), high);
    }

    @Test
    void keepsTheNewestVersionThatACompactionCovers() {
        put("1");
        put("2");
        put("3");

        store.compact(3);

        assertThat(values(3)).containsExactly("2");
        assertThat(values(4)).containsExactly("3");
        assertThatThrownBy(() -> values(2)).hasMessage("etcdserver: mvcc: required revision has been compacted");
    }

    @Test
    void forgetsADeletedKeyWhenItsDeletionIsCompacted() {
        put("1");
        delete();

        store.compact(3);

        assertThat(values(3)).isEmpty();
        assertThat(put("2").getCreateRevision()).isEqualTo(4);
    }

    @Test
    void tellsWhatAChangeReplaced() {
        put("1");
        KeyValue second = put("2");

        KeyValue before = store.before(second);

        assertThat(before).isNotNull().extracting(KeyValue::getValue).isEqualTo(bytes("1"));
        store.compact(3);
        assertThat(store.before(second)).isNull();
    }

    @Test
    void keepsABoundedHistory() {
        for (int i = 1; i <= 100; i++) {
            put("v" + i);
        }

        assertThat(store.revision()).isEqualTo(101);
        assertThat(store.compactedRevision()).isEqualTo(101 - HISTORY);
        assertThat(store.changesFrom(0)).hasSize(HISTORY + 1);
        assertThat(values(101 - HISTORY)).containsExactly("v95");
    }

    @Test
    void refusesRevisionsThatAreNotThereYet() {
        assertThatThrownBy(() -> values(2)).hasMessage("etcdserver: mvcc: required revision is a future revision");
        assertThatThrownBy(() -> store.compact(2))
                .hasMessage("etcdserver: mvcc: required revision is a future revision");
    }

    private KeyValue put(String value) {
        store.put(bytes("key"), bytes(value), LeaseTable.NONE);
        store.commit();
        return store.range(ALL, MvccStore.LATEST).get(0);
    }

    private void delete() {
        store.delete(ALL);
        store.commit();
    }

    private List<String> values(long revision) {
        return store.range(ALL, revision).stream()
                .map(kv -> kv.getValue().toStringUtf8())
                .toList();
    }

    private static ByteString bytes(String text) {
        return RawEtcdClient.bytes(text);
    }
}
