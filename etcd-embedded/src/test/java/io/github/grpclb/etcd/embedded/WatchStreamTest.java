package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchProgressRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WatchStreamTest {

    private static final int HISTORY = 10;

    private final EtcdState state = new EtcdState(HISTORY, new FakeTicker());
    private final FakeWatchClient client = new FakeWatchClient();
    private final WatchStream stream = new WatchStream(state, client, () -> {});

    @BeforeEach
    void tellOfCommits() {
        state.onCommit(stream::proceed);
    }

    @Test
    void keepsNothingForAClientThatDoesNotRead() {
        create(WatchCreateRequest.newBuilder());
        client.stopReading();

        put(HISTORY / 2);

        assertThat(client.received()).hasSize(1);
    }

    @Test
    void goesOnWhereASlowClientStopped() {
        create(WatchCreateRequest.newBuilder());
        client.stopReading();
        put(3);

        client.read();
        put(1);

        assertThat(told()).containsExactly(List.of(2L, 3L, 4L), List.of(5L));
    }

    @Test
    void oneResponseHoldsNoMoreThanEtcdsOwn() {
        EtcdState state = new EtcdState(3_000, new FakeTicker());
        WatchStream stream = new WatchStream(state, client, () -> {});
        put(state, 2_500);
        create(stream, WatchCreateRequest.newBuilder().setStartRevision(1));
        assertThat(told()).extracting(List::size).containsExactly(1_000, 1_000, 500);
    }

    private List<List<Long>> told() {
        return client.received().stream()
                .filter(response -> response.getEventsCount() > 0)
                .map(response -> response.getEventsList().stream()
                        .map(event -> event.getKv().getModRevision())
                        .toList())
                .toList();
    }

    @Test
    void endsAWatchThatTheHistoryHasLeftBehind() {
        create(WatchCreateRequest.newBuilder());
        client.stopReading();
        put(3 * HISTORY);

        client.read();

        WatchResponse last = client.received().get(client.received().size() - 1);
        assertThat(last.getCanceled()).isTrue();
        assertThat(last.getCompactRevision()).isEqualTo(state.store().compactedRevision());
        assertThat(client.received()).allMatch(response -> response.getEventsCount() == 0);
    }

    @Test
    void takesNoFurtherRequestFromAClientThatDoesNotRead() {
        create(WatchCreateRequest.newBuilder());
        assertThat(client.requested()).isEqualTo(2);
        client.stopReading();

        create(WatchCreateRequest.newBuilder());
        assertThat(client.requested()).isEqualTo(2);

        client.read();
        assertThat(client.requested()).isEqualTo(3);
    }

    @Test
    void answersAProgressRequestWhenEverythingIsTold() {
        create(WatchCreateRequest.newBuilder());
        client.stopReading();
        put(1);

        stream.onNext(WatchRequest.newBuilder()
                .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                .build());
        assertThat(client.received()).hasSize(1);
        client.read();

        assertThat(client.received()).extracting(WatchResponse::getWatchId).containsExactly(0L, 0L, -1L);
    }

    @Test
    void givesASignOfLifeToIdleWatchesThatWantOne() {
        create(WatchCreateRequest.newBuilder().setProgressNotify(true));
        create(WatchCreateRequest.newBuilder());
        put(1);
        stream.notifyProgress();
        int told = client.received().size();

        stream.notifyProgress();

        assertThat(client.received().subList(told, client.received().size()))
                .singleElement()
                .satisfies(response -> {
                    assertThat(response.getWatchId()).isZero();
                    assertThat(response.getEventsList()).isEmpty();
                    assertThat(response.getHeader().getRevision()).isEqualTo(2);
                });
    }

    private void create(WatchCreateRequest.Builder request) {
        create(stream, request);
    }

    private static void create(WatchStream stream, WatchCreateRequest.Builder request) {
        stream.onNext(WatchRequest.newBuilder()
                .setCreateRequest(request.setKey(RawEtcdClient.bytes("key")))
                .build());
    }

    private void put(int times) {
        put(state, times);
    }

    private static void put(EtcdState state, int times) {
        PutRequest put =
                PutRequest.newBuilder().setKey(RawEtcdClient.bytes("key")).build();
        for (int i = 0; i < times; i++) {
            state.write(() -> state.operations().put(put));
        }
    }
}
