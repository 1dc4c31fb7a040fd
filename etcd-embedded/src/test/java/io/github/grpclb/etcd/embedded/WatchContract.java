package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchCreateRequest.FilterType;
import io.etcd.jetcd.api.WatchResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

abstract class WatchContract extends EtcdContract {

    private WatchCall watch;

    @BeforeEach
    void open() {
        watch = etcd.watch();
    }

    @AfterEach
    void close() {
        watch.close();
    }

    @Test
    void tellsHistoryAndThenWhatHappens() {
        long first = put("a", "1").getHeader().getRevision();
        put("a", "2");
        delete("a");
        watch.create(all().setStartRevision(first));

        put("b", "3");

        List<Event> events = watch.events(0, 4);
        assertThat(events)
                .extracting(Event::getType)
                .containsExactly(EventType.PUT, EventType.PUT, EventType.DELETE, EventType.PUT);
        assertThat(events)
                .extracting(event -> event.getKv().getModRevision())
                .containsExactly(first, first + 1, first + 2, first + 3);
        assertThat(events.get(2).getKv())
                .isEqualTo(KeyValue.newBuilder()
                        .setKey(key("a"))
                        .setModRevision(first + 2)
                        .build());
        assertThat(events).noneMatch(Event::hasPrevKv);
    }

    @Test
    void saysFromWhichRevisionItWatches() {
        long revision = put("a", "1").getHeader().getRevision();

        WatchResponse created = watch.create(all());

        assertThat(created.getHeader().getRevision()).isEqualTo(revision);
        assertThat(created.getWatchId()).isZero();
        assertThat(created.getCanceled()).isFalse();
        put("a", "2");
        assertThat(watch.events(0, 1).get(0).getKv().getModRevision()).isEqualTo(revision + 1);
    }

    @Test
    void waitsForARevisionInTheFuture() {
        long revision = revision();
        watch.create(all().setStartRevision(revision + 2));

        put("a", "1");
        put("b", "1");

        assertThat(watch.events(0, 1))
                .extracting(event -> event.getKv().getModRevision())
                .containsExactly(revision + 2);
    }

    @Test
    void endsAWatchThatStartsBeforeTheLastCompaction() {
        put("a", "1");
        put("a", "2");
        long revision = put("a", "3").getHeader().getRevision();
        etcd.kv().compact(CompactionRequest.newBuilder().setRevision(revision).build());

        WatchResponse created = watch.create(all().setStartRevision(revision - 1));

        WatchResponse canceled = watch.first(WatchResponse::getCanceled);
        assertThat(created.getCanceled()).isFalse();
        assertThat(canceled.getWatchId()).isEqualTo(created.getWatchId());
        assertThat(canceled.getCompactRevision()).isEqualTo(revision);
        assertThat(canceled.getCancelReason()).isEmpty();
        assertThat(canceled.getHeader().getRevision()).isZero();
        assertThat(watch.events(created.getWatchId())).isEmpty();
    }

    @Test
    void startsAWatchAtTheLastCompaction() {
        put("a", "1");
        long revision = put("a", "2").getHeader().getRevision();
        etcd.kv().compact(CompactionRequest.newBuilder().setRevision(revision).build());

        watch.create(all().setStartRevision(revision));

        assertThat(watch.events(0, 1))
                .extracting(event -> event.getKv().getModRevision())
                .containsExactly(revision);
    }

    @Test
    void leavesOutWhatIsFiltered() {
        watch.create(all().addFilters(FilterType.NOPUT));
        watch.create(all().addFilters(FilterType.NODELETE));

        put("a", "1");
        delete("a");
        put("b", "1");
        delete("b");

        assertThat(watch.events(0, 2)).extracting(Event::getType).containsOnly(EventType.DELETE);
        assertThat(watch.events(1, 2)).extracting(Event::getType).containsOnly(EventType.PUT);
    }

    @Test
    void addsWhatWasThereBefore() {
        watch.create(all().setPrevKv(true));

        put("a", "1");
        KeyValue first = get("a").getKvs(0);
        put("a", "2");
        KeyValue second = get("a").getKvs(0);
        delete("a");

        List<Event> events = watch.events(0, 3);
        assertThat(events.get(0).hasPrevKv()).isFalse();
        assertThat(events.get(1).getPrevKv()).isEqualTo(first);
        assertThat(events.get(2).getPrevKv()).isEqualTo(second);
    }

    @Test
    void tellsATransactionInOneResponseAndInItsOrder() {
        put("c", "1");
        watch.create(all());

        etcd.kv()
                .txn(TxnRequest.newBuilder()
                        .addSuccess(putOf("b"))
                        .addSuccess(RequestOp.newBuilder()
                                .setRequestDeleteRange(
                                        DeleteRangeRequest.newBuilder().setKey(key("c"))))
                        .addSuccess(putOf("a"))
                        .build());

        WatchResponse response = watch.first(each -> each.getEventsCount() > 0);
        assertThat(names(response.getEventsList().stream().map(Event::getKv).toList()))
                .containsExactly("b", "c", "a");
        assertThat(response.getHeader().getRevision())
                .isEqualTo(response.getEvents(0).getKv().getModRevision());
    }

    @Test
    void tellsInOneResponseWhatWasMissed() {
        long first = put("a", "1").getHeader().getRevision();
        put("b", "1");
        delete("a");
        watch.create(all().setStartRevision(first));
        WatchResponse missed = watch.first(response -> response.getEventsCount() > 0);
        assertThat(missed.getEventsList())
                .extracting(event -> event.getKv().getModRevision())
                .containsExactly(first, first + 1, first + 2);
        assertThat(missed.getHeader().getRevision()).isEqualTo(first + 2);
    }

    @Test
    void runsSeveralWatchesAndCancelsOne() {
        watch.create(all());
        WatchResponse second = watch.create(all());
        put("a", "1");
        watch.events(second.getWatchId(), 1);

        watch.cancel(second.getWatchId());
        WatchResponse canceled = watch.first(WatchResponse::getCanceled);
        put("a", "2");

        assertThat(second.getWatchId()).isOne();
        assertThat(canceled.getWatchId()).isEqualTo(second.getWatchId());
        assertThat(canceled.getCompactRevision()).isZero();
        assertThat(watch.events(0, 2)).hasSize(2);
        assertThat(watch.events(second.getWatchId())).hasSize(1);
    }

    @Test
    void tellsNothingAboutAWatchThatIsUnknown() {
        watch.create(all());

        watch.cancel(4711);

        watch.requestProgress();
        watch.first(response -> response.getWatchId() == -1);
        assertThat(watch.responses()).hasSize(2);
    }

    @Test
    void tellsHowFarItIs() {
        watch.create(all());
        long revision = put("a", "1").getHeader().getRevision();
        watch.events(0, 1);

        watch.requestProgress();

        WatchResponse progress = watch.first(response -> response.getWatchId() == -1);
        assertThat(progress.getHeader().getRevision()).isEqualTo(revision);
        assertThat(progress.getEventsList()).isEmpty();
        assertThat(progress.getCreated()).isFalse();
        assertThat(progress.getCanceled()).isFalse();
    }

    @Test
    void refusesAnEmptyRange() {
        WatchResponse response =
                watch.create(WatchCreateRequest.newBuilder().setKey(key("b")).setRangeEnd(key("a")));

        assertThat(response.getCanceled()).isTrue();
        assertThat(response.getWatchId()).isEqualTo(-1);
        assertThat(response.getCancelReason()).isEqualTo("mvcc: watcher range is empty");
    }

    @Test
    void goesOnAfterTheClientHasSaidItsLastWord() {
        watch.create(all());

        watch.halfClose();
        put("a", "1");

        assertThat(watch.events(0, 1)).hasSize(1);
        assertThat(watch.isOver()).isFalse();
    }

    private WatchCreateRequest.Builder all() {
        return WatchCreateRequest.newBuilder().setKey(key("")).setRangeEnd(keysEnd());
    }

    private RequestOp putOf(String name) {
        return RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder().setKey(key(name)))
                .build();
    }
}
