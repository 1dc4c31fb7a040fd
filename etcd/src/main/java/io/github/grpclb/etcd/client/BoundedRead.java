package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.etcd.record.KeyValue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Reads all keys with a prefix once, in pages of one revision, until the reader has enough. Holds no more than a page. Where large
 * values make a page more than one message can hold, pages become smaller. For the loop's thread, but {@link #start}.
 */
@Internal
public final class BoundedRead {

    private static final ByteString FIRST = ByteString.EMPTY;

    /** Asks for a page. */
    @FunctionalInterface
    public interface Pages {

        /** @see EtcdApi#list */
        CompletableFuture<EtcdApi.Page> read(ByteString from, int limit, long revision);
    }

    /**
     * How it ended.
     *
     * @param revision at which all was read
     * @param complete whether that is all; else the reader had enough
     */
    public record End(long revision, boolean complete) {}

    private final EtcdLoop loop;
    private final Pages pages;
    private final Predicate<KeyValue> reader;
    private final CompletableFuture<End> end = new CompletableFuture<>();

    private int pageSize;
    private ByteString from = FIRST;
    private long revision;

    private BoundedRead(EtcdLoop loop, Pages pages, int pageSize, Predicate<KeyValue> reader) {
        this.loop = loop;
        this.pages = pages;
        this.pageSize = pageSize;
        this.reader = reader;
    }

    /**
     * Begins to read. Thread-safe.
     *
     * @param pageSize how many keys are asked for at once, from 1
     * @param reader is told of each key in order, on the loop's thread; returns whether it wants more
     */
    public static CompletableFuture<End> start(EtcdLoop loop, Pages pages, int pageSize, Predicate<KeyValue> reader) {
        BoundedRead read = new BoundedRead(loop, pages, pageSize, reader);
        if (!loop.execute(read::readPage)) {
            read.end.completeExceptionally(
                    new EtcdException(EtcdException.Kind.UNREACHABLE, "the connection to etcd is closed"));
        }
        return read.end;
    }

    private void readPage() {
        loop.when(() -> pages.read(from, pageSize, revision), this::take, this::failed);
    }

    private void take(EtcdApi.Page page) {
        if (revision == 0) {
            revision = page.revision();
        }
        for (KeyValue record : page.records()) {
            if (!reader.test(record)) {
                end.complete(new End(revision, false));
                return;
            }
        }
        ByteString next = page.next();
        if (next == null) {
            end.complete(new End(revision, true));
        } else if (ByteString.unsignedLexicographicalComparator().compare(next, from) > 0) {
            from = next;
            readPage();
        } else {
            failed(new EtcdException(EtcdException.Kind.REFUSED, "etcd: its list does not come to an end"));
        }
    }

    private void failed(EtcdException failure) {
        if (failure.kind() == EtcdException.Kind.TOO_LARGE && pageSize > 1) {
            pageSize /= 2;
            readPage();
        } else {
            end.completeExceptionally(failure);
        }
    }
}
