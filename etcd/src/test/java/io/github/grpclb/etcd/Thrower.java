package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdClient;
import io.github.grpclb.etcd.record.KeyValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/** Lets what a loop calls throw now and then, and gives it what no code can deal with, so that its own code throws half-way. */
final class Thrower {

    /** One call in so many throws. */
    private static final int ONE_IN = 3;

    private final Random random;
    private boolean throwing;

    Thrower(Random random) {
        this.random = random;
    }

    void throwing(boolean on) {
        throwing = on;
    }

    void maybe() {
        if (isTime()) {
            if (random.nextBoolean()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            throw new IllegalStateException("a mistake");
        }
    }

    EtcdApi of(EtcdApi api) {
        return new ThrowingApi(api);
    }

    EtcdClient of(EtcdClient client) {
        return new ThrowingClient(client);
    }

    /** Throws before the listener has heard. */
    EndpointListener of(EndpointListener listener) {
        return new EndpointListener() {
            @Override
            public void onEndpoints(EndpointSnapshot snapshot) {
                maybe();
                listener.onEndpoints(snapshot);
            }

            @Override
            public void onUnavailable(String reason) {
                maybe();
                listener.onUnavailable(reason);
            }
        };
    }

    private boolean isTime() {
        return throwing && random.nextInt(ONE_IN) == 0;
    }

    private <T> CompletableFuture<T> answer(CompletableFuture<T> call) {
        return answer(call, answer -> null);
    }

    private <T> CompletableFuture<T> answer(CompletableFuture<T> call, UnaryOperator<T> poisoned) {
        return call.thenApply(answer -> isTime() ? poisoned.apply(answer) : answer);
    }

    private static KeyValue poisoned(KeyValue record) {
        return new KeyValue(record.key(), null, record.createRevision(), record.modRevision(), record.lease());
    }

    private class ThrowingApi extends ForwardingApi {

        ThrowingApi(EtcdApi to) {
            super(to);
        }

        @Override
        public CompletableFuture<Lease> grant(Duration ttl) {
            maybe();
            return answer(to.grant(ttl));
        }

        @Override
        public CompletableFuture<Lease> renew(long lease, Duration timeout) {
            maybe();
            return answer(to.renew(lease, timeout));
        }

        @Override
        public CompletableFuture<Void> revoke(long lease) {
            maybe();
            return to.revoke(lease);
        }

        @Override
        public CompletableFuture<TimeToLive> timeToLive(long lease) {
            maybe();
            return answer(to.timeToLive(lease));
        }

        @Override
        public CompletableFuture<KeyValue> get(String key) {
            maybe();
            return answer(to.get(key), found -> found == null ? null : poisoned(found));
        }

        @Override
        public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
            maybe();
            return answer(to.putIfUnchanged(key, modRevision, value, lease));
        }

        @Override
        public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
            maybe();
            return answer(to.deleteIfUnchanged(key, modRevision));
        }

        @Override
        public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
            maybe();
            return answer(
                    to.list(prefix, from, limit, revision),
                    page -> new Page(
                            page.revision(),
                            page.records().stream().map(Thrower::poisoned).toList(),
                            page.next()));
        }

        @Override
        public Watch watch(String prefix, long from, WatchListener listener) {
            maybe();
            Watch watch = to.watch(prefix, from, new ForwardingListener(listener) {
                @Override
                public void onEvents(long revision, List<Event> events) {
                    List<Event> told = new ArrayList<>(events);
                    if (isTime()) { // after those before it
                        int last = told.size() - 1;
                        told.set(last, new Event(poisoned(told.get(last).record()), false));
                    }
                    to.onEvents(revision, told);
                }
            });
            return new Watch() {
                @Override
                public void requestProgress() {
                    maybe();
                    watch.requestProgress();
                }

                @Override
                public void close() {
                    watch.close();
                    maybe();
                }
            };
        }
    }

    private final class ThrowingClient extends ThrowingApi implements EtcdClient {

        private final EtcdClient client;

        ThrowingClient(EtcdClient client) {
            super(client);
            this.client = client;
        }

        @Override
        public void reconnectNow() {
            maybe();
            client.reconnectNow();
        }

        @Override
        public void close() {
            client.close();
            maybe();
        }
    }
}
