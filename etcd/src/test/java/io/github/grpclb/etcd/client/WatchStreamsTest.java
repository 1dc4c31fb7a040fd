package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WatchStreamsTest {

    private static final Error NO_THREAD = new OutOfMemoryError("unable to create native thread");

    private final List<FakeCall> calls = new ArrayList<>();
    private final List<EtcdException> failures = new ArrayList<>();
    private boolean outdated;
    private Error startThrows;
    private Error sendThrows;

    private final WatchStreams streams = new WatchStreams(
            () -> {
                FakeCall call = new FakeCall();
                calls.add(call);
                return call;
            },
            failure -> {
                failures.add(failure);
                return outdated;
            });

    @Test
    void createsOneAfterAnother() {
        Heard a = watch("a");
        Heard b = watch("b");
        FakeCall call = onlyCall();
        assertThat(call.created()).containsExactly("a");
        call.answer(response(7).setWatchId(5).setCreated(true));
        assertThat(call.created()).containsExactly("a", "b");
        call.answer(response(8).setWatchId(0).setCreated(true));
        assertThat(a.said).containsExactly("created 7");
        assertThat(b.said).containsExactly("created 8");
        call.answer(response(99).setWatchId(5).addEvents(put("a/1", 9)));
        call.answer(response(99).setWatchId(0).addEvents(put("b/1", 10)));
        assertThat(a.said).containsExactly("created 7", "events 9 [a/1]");
        assertThat(b.said).containsExactly("created 8", "events 10 [b/1]");
        assertThat(call.requested).isEqualTo(5);
    }

    @Test
    void asksForProgressOneRequestAfterAnother() {
        Heard a = created("a", 0);
        Heard b = created("b", 1);
        Heard c = created("c", 2);
        a.watch.requestProgress();
        b.watch.requestProgress();
        c.watch.requestProgress();
        assertThat(onlyCall().progressRequests()).isEqualTo(1);
        onlyCall().answer(response(9).setWatchId(-1));
        assertThat(List.of(a, b, c)).map(each -> each.said.size()).containsExactly(2, 1, 1);
        assertThat(onlyCall().progressRequests()).isEqualTo(2);
        onlyCall().answer(response(10).setWatchId(-1));
        assertThat(a.said).containsExactly("created 1", "progress 9");
        assertThat(b.said).containsExactly("created 1", "progress 10");
        assertThat(c.said).containsExactly("created 1", "progress 10");
        onlyCall().answer(response(11).setWatchId(-1));
        assertThat(onlyCall().progressRequests()).isEqualTo(2);
        assertThat(a.said).hasSize(2);
    }

    @Test
    void progressThatOneWaitedForInVainIsAskedForByTheNext() {
        Heard a = created("a", 0);
        Heard b = created("b", 1);
        a.watch.requestProgress();
        b.watch.requestProgress();
        a.watch.close();
        assertThat(onlyCall().progressRequests()).isEqualTo(2);
        onlyCall().answer(response(9).setWatchId(-1));
        assertThat(a.said).containsExactly("created 1");
        assertThat(b.said).containsExactly("created 1", "progress 9");
    }

    @Test
    void endsOneForItself() {
        Heard a = created("a", 0);
        Heard b = created("b", 1);
        a.watch.close();
        a.watch.close();
        assertThat(onlyCall().cancelledIds()).containsExactly(0L);
        onlyCall().answer(response(2).setWatchId(0).addEvents(put("a/1", 2)));
        onlyCall().answer(response(2).setWatchId(0).setCanceled(true));
        onlyCall().answer(response(3).setWatchId(1).setCanceled(true).setCompactRevision(3));
        assertThat(a.said).containsExactly("created 1");
        assertThat(b.said).containsExactly("created 1", "end COMPACTED");
        assertThat(onlyCall().cancelled).isTrue();
        created("c", 0);
        assertThat(calls).hasSize(2);
    }

    @Test
    void theStreamEndsWithItsLastWatch() {
        Heard a = created("a", 0);
        Heard b = watch("b");
        b.watch.close();
        assertThat(onlyCall().cancelled).isFalse();
        a.watch.close();
        assertThat(onlyCall().cancelled).isTrue();
        onlyCall().end(Status.CANCELLED);
        assertThat(a.said).containsExactly("created 1");
        assertThat(b.said).isEmpty();
    }

    @Test
    void endsAllWithTheStream() {
        Heard a = created("a", 0);
        Heard b = watch("b");
        Heard c = watch("c");
        onlyCall().end(Status.UNAVAILABLE.withDescription("gone"));
        assertThat(List.of(a, b, c)).allSatisfy(each -> assertThat(each.said).endsWith("end UNREACHABLE"));
        assertThat(failures).hasSize(1);
        a.watch.close();
        a.watch.requestProgress();
        watch("d");
        assertThat(calls).hasSize(2);
        calls.get(1).end(Status.OK);
        assertThat(failures).hasSize(1);
    }

    @Test
    void oneThatIsRefusedIsNotTheOthersConcern() {
        Heard a = watch("a");
        Heard b = watch("b");
        onlyCall().answer(refused("etcdserver: permission denied"));
        assertThat(a.said).containsExactly("end PERMISSION");
        assertThat(onlyCall().created()).containsExactly("a", "b");
        onlyCall().answer(response(1).setWatchId(0).setCreated(true));
        assertThat(b.said).containsExactly("created 1");
        watch("c");
        assertThat(calls).hasSize(1);
    }

    @Test
    void nobodyJoinsAStreamWhoseTokenIsOutdated() {
        created("a", 0);
        Heard b = watch("b");
        outdated = true;
        onlyCall().answer(refused("etcdserver: invalid auth token"));
        assertThat(b.said).containsExactly("end TOKEN");
        assertThat(onlyCall().cancelled).isFalse();
        watch("b");
        assertThat(calls).hasSize(2);
    }

    @Test
    void nobodyWaitsBehindOneThatGotNoAnswer() {
        Heard a = created("a", 0);
        Heard b = watch("b");
        b.watch.close();
        watch("c");
        assertThat(calls).hasSize(2);
        calls.get(0).answer(response(1).setWatchId(1).setCreated(true));
        assertThat(calls.get(0).cancelledIds()).containsExactly(1L);
        assertThat(a.said).containsExactly("created 1");
        watch("d");
        watch("e");
        assertThat(calls).hasSize(2);
        assertThat(calls.get(0).created()).contains("d");
    }

    @Test
    void fillsAStreamAndThenOpensAnotherUpToAsManyAsMayBe() {
        List<Heard> all = new ArrayList<>();
        int most = WatchStreams.PER_STREAM * WatchStreams.MOST_STREAMS;
        IntStream.range(0, most).forEach(i -> all.add(watch("s" + i)));
        assertThat(calls).hasSize(WatchStreams.MOST_STREAMS);
        all.get(0).watch.close();
        all.get(1).watch.close();
        IntStream.range(0, 100).forEach(i -> watch("more" + i));
        assertThat(calls).hasSize(WatchStreams.MOST_STREAMS);
    }

    @Test
    void aStreamThatCannotStartIsNotJoined() {
        startThrows = NO_THREAD;
        assertThatThrownBy(() -> watch("a")).isSameAs(NO_THREAD);
        assertThat(onlyCall().cancelled).isTrue();
        startThrows = null;
        Heard b = created("b", 0);
        assertThat(calls).hasSize(2);
        assertThat(streams.streams()).isEqualTo(1);
        assertThat(b.said).containsExactly("created 1");
    }

    @Test
    void aStreamWhoseRequestIsNotSentIsEndedForAllOthers() {
        Heard a = created("a", 0);
        sendThrows = NO_THREAD;
        assertThatThrownBy(() -> watch("b")).isSameAs(NO_THREAD);
        sendThrows = null;
        assertThat(onlyCall().cancelled).isTrue();
        assertThat(a.said).containsExactly("created 1", "end INTERNAL");
        assertThat(created("b", 0).said).containsExactly("created 1");
        assertThat(calls).hasSize(2);
    }

    @Test
    void aStreamThatCannotAskForProgressIsEnded() {
        Heard a = created("a", 0);
        Heard b = created("b", 1);
        sendThrows = NO_THREAD;
        b.watch.requestProgress();
        sendThrows = null;
        assertThat(List.of(a, b)).allSatisfy(each -> assertThat(each.said).endsWith("end INTERNAL"));
        assertThat(onlyCall().cancelled).isTrue();
        assertThat(streams.streams()).isZero();
    }

    @Test
    void aStreamThatCannotEndAWatchIsEnded() {
        Heard a = created("a", 0);
        Heard b = created("b", 1);
        sendThrows = NO_THREAD;
        b.watch.close();
        sendThrows = null;
        assertThat(a.said).containsExactly("created 1", "end INTERNAL");
        assertThat(b.said).containsExactly("created 1");
        assertThat(streams.streams()).isZero();
    }

    @Test
    void oneIsToldOfTheEndAlsoWhereTheNextCouldNotBeAskedFor() {
        Heard a = watch("a");
        Heard b = watch("b");
        sendThrows = NO_THREAD;
        assertThatThrownBy(() -> onlyCall().answer(response(7).setWatchId(0).setCreated(true)))
                .isSameAs(NO_THREAD);
        onlyCall().end(Status.CANCELLED.withCause(NO_THREAD)); // as gRPC ends it then
        assertThat(List.of(a, b)).allSatisfy(each -> assertThat(each.said).containsExactly("end UNREACHABLE"));
    }

    private FakeCall onlyCall() {
        assertThat(calls).hasSize(1);
        return calls.get(0);
    }

    private Heard watch(String prefix) {
        Heard heard = new Heard();
        heard.watch = streams.watch(prefix, 3, heard);
        return heard;
    }

    private Heard created(String prefix, long id) {
        Heard heard = watch(prefix);
        calls.get(calls.size() - 1).answer(response(1).setWatchId(id).setCreated(true));
        return heard;
    }

    private static WatchResponse.Builder response(long revision) {
        return WatchResponse.newBuilder().setHeader(ResponseHeader.newBuilder().setRevision(revision));
    }

    private static WatchResponse.Builder refused(String reason) {
        return response(1).setWatchId(-1).setCreated(true).setCanceled(true).setCancelReason(reason);
    }

    private static Event put(String key, long revision) {
        return Event.newBuilder()
                .setKv(KeyValue.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setModRevision(revision))
                .build();
    }

    private static final class Heard implements EtcdApi.WatchListener {

        private final List<String> said = new ArrayList<>();
        private EtcdApi.Watch watch;

        @Override
        public void onCreated(long revision) {
            said.add("created " + revision);
        }

        @Override
        public void onEvents(long revision, List<EtcdApi.Event> events) {
            said.add("events " + revision + " "
                    + events.stream().map(event -> event.record().key()).toList());
        }

        @Override
        public void onProgress(long revision) {
            said.add("progress " + revision);
        }

        @Override
        public void onEnd(EtcdException cause) {
            said.add("end " + cause.kind());
        }
    }

    private final class FakeCall extends ClientCall<WatchRequest, WatchResponse> {

        private final List<WatchRequest> sent = new ArrayList<>();
        private Listener<WatchResponse> listener;
        private int requested;
        private boolean cancelled;

        void answer(WatchResponse.Builder response) {
            listener.onMessage(response.build());
        }

        void end(Status status) {
            listener.onClose(status, new Metadata());
        }

        List<String> created() {
            return sent.stream()
                    .filter(WatchRequest::hasCreateRequest)
                    .map(each -> each.getCreateRequest().getKey().toStringUtf8())
                    .toList();
        }

        long progressRequests() {
            return sent.stream().filter(WatchRequest::hasProgressRequest).count();
        }

        List<Long> cancelledIds() {
            return sent.stream()
                    .filter(WatchRequest::hasCancelRequest)
                    .map(each -> each.getCancelRequest().getWatchId())
                    .toList();
        }

        @Override
        public void start(Listener<WatchResponse> listener, Metadata headers) {
            assertThat(headers.get(Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER)))
                    .isEqualTo("true");
            this.listener = listener;
            if (startThrows != null) {
                throw startThrows;
            }
        }

        @Override
        public void request(int messages) {
            requested += messages;
        }

        @Override
        public void cancel(String message, Throwable cause) {
            cancelled = true;
        }

        @Override
        public void halfClose() {
            throw new AssertionError("etcd grpc-proxy would drop what it has not answered");
        }

        @Override
        public void sendMessage(WatchRequest message) {
            assertThat(cancelled).isFalse();
            if (sendThrows != null) {
                throw sendThrows;
            }
            sent.add(message);
        }
    }
}
