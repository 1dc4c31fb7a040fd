package io.github.grpclb.bench;

import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.Attributes;
import io.grpc.ChannelLogger;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.LoadBalancer.SubchannelStateListener;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.util.ForwardingLoadBalancerHelper;
import java.util.List;
import java.util.Map;

/** A balancer in a fake channel, where a connection is ready as soon as it is asked for. */
final class ReadyChannel extends ForwardingLoadBalancerHelper {

    private final FakeHelper fake;
    private final LoadBalancer balancer;
    private final Object config;
    private SubchannelPicker picker = new FixedResultPicker(PickResult.withNoResult());
    private Status accepted = Status.OK;

    /**
     * Creates a channel without servers.
     *
     * @param config the balancer's part of a service config, in gRPC's JSON form
     */
    ReadyChannel(LoadBalancerProvider provider, Map<String, ?> config) {
        this(provider, config, new FakeHelper());
    }

    ReadyChannel(LoadBalancerProvider provider, Map<String, ?> config, FakeHelper fake) {
        NameResolver.ConfigOrError parsed = provider.parseLoadBalancingPolicyConfig(config);
        if (parsed.getError() != null) {
            throw new IllegalArgumentException(parsed.getError().toString());
        }
        this.config = parsed.getConfig();
        this.fake = fake;
        this.balancer = provider.newLoadBalancer(this);
    }

    /** Hands the balancer a list; its picker is out when this returns. */
    Status accept(List<EquivalentAddressGroup> groups) {
        fake.inSyncContext(() -> accepted = balancer.acceptResolvedAddresses(ResolvedAddresses.newBuilder()
                .setAddresses(groups)
                .setLoadBalancingPolicyConfig(config)
                .build()));
        return accepted;
    }

    /** Returns what was published last. */
    SubchannelPicker picker() {
        return picker;
    }

    FakeClock clock() {
        return fake.clock();
    }

    @Override
    protected LoadBalancer.Helper delegate() {
        return fake;
    }

    @Override
    public String getChannelTarget() {
        return "bench";
    }

    @Override
    public Subchannel createSubchannel(CreateSubchannelArgs args) {
        return new Connection(args);
    }

    @Override
    public void updateBalancingState(ConnectivityState state, SubchannelPicker newPicker) {
        picker = newPicker;
    }

    private final class Connection extends Subchannel {

        private final CreateSubchannelArgs args;
        private SubchannelStateListener listener = state -> {};

        Connection(CreateSubchannelArgs args) {
            this.args = args;
        }

        @Override
        public void start(SubchannelStateListener newListener) {
            listener = newListener;
        }

        @Override
        public void requestConnection() {
            listener.onSubchannelState(ConnectivityStateInfo.forNonError(ConnectivityState.READY));
        }

        @Override
        public void shutdown() {}

        @Override
        public void updateAddresses(List<EquivalentAddressGroup> addresses) {}

        @Override
        public List<EquivalentAddressGroup> getAllAddresses() {
            return args.getAddresses();
        }

        @Override
        public Attributes getAttributes() {
            return args.getAttributes();
        }

        @Override
        public ChannelLogger getChannelLogger() {
            return fake.getChannelLogger();
        }
    }
}
