package io.github.grpclb.bench;

import io.github.grpclb.testing.FakeCall;
import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.Metadata;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.xds.shaded.com.github.xds.data.orca.v3.OrcaLoadReport;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.SplittableRandom;

/** What grpc-java brings, with its xDS part. */
final class GrpcContenders {

    private static final Metadata.Key<OrcaLoadReport> LOAD_REPORT = Metadata.Key.of(
            "endpoint-load-metrics-bin", ProtoUtils.metadataMarshaller(OrcaLoadReport.getDefaultInstance()));

    private GrpcContenders() {}

    static Contender roundRobin(int size) {
        return plain(bareRoundRobin(), Map.of(), size);
    }

    /** Its round robin as an application has it that uses grpc-services. */
    static Contender registeredRoundRobin(int size) {
        return plain(registered("round_robin"), Map.of(), size);
    }

    static Contender leastRequest(int size) {
        return plain(registered("least_request_experimental"), Map.of("choiceCount", 2.0), size);
    }

    /** Its servers have reported loads that make for the weights that ours have. */
    static Contender weightedRoundRobin(int size) {
        ReadyChannel channel = new ReadyChannel(registered("weighted_round_robin"), Map.of("blackoutPeriod", "0s"));
        channel.accept(Fleet.equal(size));
        for (int i = 0; i < size; i++) {
            report(channel.picker().pickSubchannel(FakeCall.PLAIN));
        }
        channel.clock().forward(Duration.ofSeconds(2));
        SubchannelPicker picker = channel.picker();
        return turn -> picker.pickSubchannel(FakeCall.PLAIN);
    }

    /** Its ring, for calls that bring their hash: under xDS it is the channel that computes it. */
    static Contender ringHash(int size) {
        ReadyChannel channel = new ReadyChannel(registered("ring_hash_experimental"), Map.of());
        channel.accept(Fleet.equal(size));
        CallOptions.Key<Long> hash = xdsHashKey();
        SplittableRandom hashes = new SplittableRandom(1);
        PickSubchannelArgs[] calls = Keys.calls(user -> CallOptions.DEFAULT.withOption(hash, hashes.nextLong()));
        for (PickSubchannelArgs call : calls) {
            channel.picker().pickSubchannel(call); // connects
        }
        SubchannelPicker picker = channel.picker();
        return turn -> picker.pickSubchannel(calls[Keys.user(turn)]);
    }

    /** Returns its round robin without the health checking that grpc-services wraps around it, which costs 40 bytes a pick. */
    static LoadBalancerProvider bareRoundRobin() {
        return ServiceLoader.load(LoadBalancerProvider.class).stream()
                .filter(provider -> provider.type().getPackageName().equals("io.grpc.util"))
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.getPolicyName().equals("round_robin"))
                .findAny()
                .orElseThrow();
    }

    private static Contender plain(LoadBalancerProvider provider, Map<String, ?> config, int size) {
        ReadyChannel channel = new ReadyChannel(provider, config);
        channel.accept(Fleet.equal(size));
        SubchannelPicker picker = channel.picker();
        return turn -> picker.pickSubchannel(FakeCall.PLAIN);
    }

    private static LoadBalancerProvider registered(String name) {
        return Objects.requireNonNull(
                LoadBalancerRegistry.getDefaultRegistry().getProvider(name), "gRPC's own " + name);
    }

    private static void report(PickResult picked) {
        Subchannel server = Objects.requireNonNull(picked.getSubchannel(), "a server");
        InetSocketAddress address =
                (InetSocketAddress) server.getAddresses().getAddresses().get(0);
        byte[] ip = address.getAddress().getAddress();
        int index = (ip[2] & 0xff) * 250 + (ip[3] & 0xff);
        Metadata trailers = new Metadata();
        trailers.put(
                LOAD_REPORT,
                OrcaLoadReport.newBuilder()
                        .setApplicationUtilization(0.5)
                        .setRpsFractional(100.0 * Fleet.weight(index))
                        .build());
        Objects.requireNonNull(picked.getStreamTracerFactory(), "a tracer")
                .newClientStreamTracer(
                        ClientStreamTracer.StreamInfo.newBuilder().build(), new Metadata())
                .inboundTrailers(trailers);
    }

    /** The option is not public; an application gets it from gRPC's xDS resolver. */
    @SuppressWarnings("unchecked")
    private static CallOptions.Key<Long> xdsHashKey() {
        try {
            Field key = Class.forName("io.grpc.xds.XdsNameResolver").getDeclaredField("RPC_HASH_KEY");
            key.setAccessible(true);
            return (CallOptions.Key<Long>) key.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("grpc-xds is another than this was written for", e);
        }
    }
}
