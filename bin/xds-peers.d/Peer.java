import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A client in Java that knows gRPC and nothing of grpc-lb. Started by bin/xds-peers.
 *
 * <pre>
 * java -cp JARS Peer.java TARGET rate=N until=FILE     N calls a second until the file is there
 * java -cp JARS Peer.java TARGET calls=N               so many, 16 at a time
 * </pre>
 *
 * Writes a line a call, when it has ended: milliseconds since 1970, then "ok" and the reply, or "failed" and why. Its messages are
 * written and read by hand, so that it needs no classes that were generated for one version of gRPC.
 */
final class Peer {

    private static final int CONCURRENCY = 16;
    private static final int MAX_IN_FLIGHT_BY_RATE = 1_000;
    private static final int LONGEST_CONNECT_SECONDS = 30;
    private static final int DEADLINE_SECONDS = 10;
    private static final int NAME_OF_REQUEST = 1;
    private static final int VALUE_OF_REPLY = 2;
    private static final int TAG_TYPE_BITS = 3;

    private static final MethodDescriptor<String, String> SAY = MethodDescriptor.newBuilder(
                    marshaller(NAME_OF_REQUEST), marshaller(VALUE_OF_REPLY))
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("grpclb.sample.HelloService/Say")
            .build();

    private Peer() {}

    public static void main(String... args) throws InterruptedException {
        Map<String, String> options = Arrays.stream(args)
                .skip(1)
                .map(option -> option.split("=", 2))
                .collect(Collectors.toMap(option -> option[0], option -> option[1]));
        ManagedChannel channel = Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create())
                .build();
        // by a call, and not by the channel's state: some policies connect when they are asked for a server, and not before
        ClientCalls.blockingUnaryCall(
                channel,
                SAY,
                CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(LONGEST_CONNECT_SECONDS, TimeUnit.SECONDS),
                "first");
        double rate = Double.parseDouble(options.getOrDefault("rate", "0"));
        int limit = rate > 0 ? MAX_IN_FLIGHT_BY_RATE : CONCURRENCY;
        Semaphore room = new Semaphore(limit);
        long start = System.nanoTime();
        for (int made = 0;
                rate > 0 ? !Files.exists(Path.of(options.get("until"))) : made < Integer.parseInt(options.get("calls"));
                made++) {
            if (rate > 0) {
                TimeUnit.NANOSECONDS.sleep(start + (long) (made * 1e9 / rate) - System.nanoTime());
            }
            room.acquire();
            call(channel, room);
        }
        room.acquire(limit);
        channel.shutdownNow();
    }

    private static void call(ManagedChannel channel, Semaphore room) {
        ClientCall<String, String> call =
                channel.newCall(SAY, CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS));
        call.start(
                new ClientCall.Listener<>() {

                    private String reply;

                    @Override
                    public void onMessage(String message) {
                        reply = message;
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        String outcome = status.isOk()
                                ? "ok " + reply
                                : "failed " + status.getCode() + ": " + status.getDescription();
                        System.out.println(System.currentTimeMillis() + " " + outcome.replace('\n', ' '));
                        room.release();
                    }
                },
                new Metadata());
        call.sendMessage("java");
        call.halfClose();
        call.request(1);
    }

    /** Of a message of which one field alone counts, a text. */
    private static MethodDescriptor.Marshaller<String> marshaller(int field) {
        return new MethodDescriptor.Marshaller<>() {

            @Override
            public InputStream stream(String text) {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                CodedOutputStream output = CodedOutputStream.newInstance(bytes);
                try {
                    output.writeString(field, text);
                    output.flush();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return new ByteArrayInputStream(bytes.toByteArray());
            }

            @Override
            public String parse(InputStream stream) {
                CodedInputStream input = CodedInputStream.newInstance(stream);
                String text = "";
                try {
                    for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
                        if (tag >> TAG_TYPE_BITS == field) {
                            text = input.readString();
                        } else {
                            input.skipField(tag);
                        }
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return text;
            }
        };
    }
}
