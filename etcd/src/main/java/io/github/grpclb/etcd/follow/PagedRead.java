package io.github.grpclb.etcd.follow;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdKeys;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.RecordText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Reads all records below a prefix, in pages of one revision. Where large values make a page more than one message can hold,
 * pages become smaller, so that no record hides the others. For the loop's thread.
 */
@Internal
public final class PagedRead {

    private static final int PAGE_SIZE = 1000;
    private static final Comparator<ByteString> KEY_ORDER = ByteString.unsignedLexicographicalComparator();

    private final EtcdLoop loop;
    private final EtcdKeys reads;
    private final String prefix;
    private final Predicate<String> keys;
    private final Consumer<EtcdApi.Page> succeeded;
    private final Consumer<EtcdException> failed;

    private final List<KeyValue> records = new ArrayList<>();
    private int pageSize = PAGE_SIZE;
    private ByteString from = ByteString.EMPTY;
    private long revision;
    private int pages;
    private boolean cancelled;

    private PagedRead(
            EtcdLoop loop,
            EtcdKeys reads,
            String prefix,
            Predicate<String> keys,
            Consumer<EtcdApi.Page> succeeded,
            Consumer<EtcdException> failed) {
        this.loop = loop;
        this.reads = reads;
        this.prefix = prefix;
        this.keys = keys;
        this.succeeded = succeeded;
        this.failed = failed;
    }

    /**
     * Begins to read.
     *
     * @param keys whether the record of a key below the prefix is one of those that are meant
     * @param succeeded is told of the whole list, as one page
     */
    public static PagedRead start(
            EtcdLoop loop,
            EtcdKeys reads,
            String prefix,
            Predicate<String> keys,
            Consumer<EtcdApi.Page> succeeded,
            Consumer<EtcdException> failed) {
        PagedRead read = new PagedRead(loop, reads, prefix, keys, succeeded, failed);
        read.readPage();
        return read;
    }

    /** Nobody is told of anything any more. */
    void cancel() {
        cancelled = true;
    }

    /** Returns how many pages have been asked for so far. */
    int pages() {
        return pages;
    }

    private void readPage() {
        pages++;
        loop.when(() -> reads.list(prefix, from, pageSize, revision), this::take, this::failed);
    }

    private void take(EtcdApi.Page page) {
        if (cancelled) {
            return;
        }
        if (revision == 0) {
            revision = page.revision();
        }
        page.records().stream()
                .filter(record -> keys.test(record.key()))
                .map(RecordText::withoutExcess)
                .forEach(records::add);
        ByteString next = page.next();
        if (next == null) {
            succeeded.accept(new EtcdApi.Page(revision, records, null));
        } else if (KEY_ORDER.compare(next, from) > 0) {
            from = next;
            readPage();
        } else {
            failed.accept(new EtcdException(EtcdException.Kind.REFUSED, "etcd: its list does not come to an end"));
        }
    }

    private void failed(EtcdException failure) {
        if (cancelled) {
            return;
        }
        if (failure.kind() == EtcdException.Kind.TOO_LARGE && pageSize > 1) {
            pageSize /= 2;
            readPage();
        } else {
            failed.accept(failure);
        }
    }
}
