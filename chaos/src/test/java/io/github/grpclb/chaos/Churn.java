package io.github.grpclb.chaos;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Changes records at a rate: of every ten, nine weights of dead endpoints that stay and one that comes or goes. For one thread. */
final class Churn implements AutoCloseable {

    private static final int STAYING = 200;
    private static final int COMING_AND_GOING = 50;
    private static final int UNANSWERED = 200;

    private final ManagedChannel channel;
    private final KVGrpc.KVFutureStub kv;
    private final String prefix;
    private final Random random;
    private final Deque<ListenableFuture<?>> unanswered = new ArrayDeque<>();
    private int changes;

    Churn(URI etcd, String prefix, Random random) {
        this.channel = NettyChannelBuilder.forAddress(etcd.getHost(), etcd.getPort())
                .usePlaintext()
                .build();
        this.kv = KVGrpc.newFutureStub(channel);
        this.prefix = prefix;
        this.random = random;
    }

    /** Makes changes for a time, and waits until etcd has taken them all. */
    void run(int perSecond, Duration time) {
        long begun = System.nanoTime();
        long interval = TimeUnit.SECONDS.toNanos(1) / perSecond;
        long total = time.toNanos() / interval;
        for (long i = 0; i < total; i++) {
            for (long left = begun + i * interval - System.nanoTime(); left > 0; ) {
                LockSupport.parkNanos(left);
                left = begun + i * interval - System.nanoTime();
            }
            change();
            if (unanswered.size() >= UNANSWERED) {
                await(unanswered.poll());
            }
        }
        unanswered.forEach(Churn::await);
        unanswered.clear();
    }

    int changes() {
        return changes;
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private void change() {
        changes++;
        int kind = random.nextInt(20);
        if (kind > 1) {
            put("127.1.1." + (1 + random.nextInt(STAYING)) + ":1");
        } else if (kind == 1) {
            put("127.1.2." + (1 + random.nextInt(COMING_AND_GOING)) + ":1");
        } else {
            String address = "127.1.2." + (1 + random.nextInt(COMING_AND_GOING)) + ":1";
            unanswered.add(kv.deleteRange(DeleteRangeRequest.newBuilder()
                    .setKey(bytes(prefix + address))
                    .build()));
        }
    }

    private void put(String address) {
        String value =
                "{\"Op\":0,\"Addr\":\"%s\",\"Metadata\":{\"weight\":%d}}".formatted(address, 1 + random.nextInt(1000));
        unanswered.add(kv.put(PutRequest.newBuilder()
                .setKey(bytes(prefix + address))
                .setValue(bytes(value))
                .build()));
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private static void await(ListenableFuture<?> answer) {
        try {
            answer.get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
