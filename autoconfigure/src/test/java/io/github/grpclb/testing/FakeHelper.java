package io.github.grpclb.testing;

import io.grpc.ChannelLogger;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.SynchronizationContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** A channel as a load balancer sees it: fake connections, fake time, and every picker that was published. */
public final class FakeHelper extends LoadBalancer.Helper {

    private final FakeClock clock = new FakeClock();
    private final SynchronizationContext syncContext = new SynchronizationContext((thread, e) -> {
        throw new AssertionError("the channel would panic", e);
    });
    private final List<FakeSubchannel> subchannels = new ArrayList<>();
    private final List<SubchannelPicker> pickers = new ArrayList<>();
    private final NameResolver.Args args;
    private ConnectivityState state = ConnectivityState.IDLE;
    private Runnable onPublish = () -> {};

    public FakeHelper() {
        this(NameResolver.Args.newBuilder());
    }

    /** Takes the arguments that a channel was built with. */
    public FakeHelper(NameResolver.Args.Builder args) {
        this.args = args.setDefaultPort(443)
                .setProxyDetector(address -> null)
                .setSynchronizationContext(syncContext)
                .setScheduledExecutorService(clock)
                .setOffloadExecutor(clock)
                .setChannelLogger(new SilentLogger())
                .setServiceConfigParser(new NameResolver.ServiceConfigParser() {
                    @Override
                    public NameResolver.ConfigOrError parseServiceConfig(Map<String, ?> raw) {
                        return NameResolver.ConfigOrError.fromConfig(raw);
                    }
                })
                .build();
    }

    public FakeClock clock() {
        return clock;
    }

    /** Returns the connections that were ever made, in order. */
    public List<FakeSubchannel> subchannels() {
        return subchannels;
    }

    /** Returns the last connection made to a port. */
    public FakeSubchannel subchannel(int port) {
        return subchannels.stream()
                .filter(subchannel -> subchannel.port() == port)
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    public ConnectivityState state() {
        return state;
    }

    public int published() {
        return pickers.size();
    }

    /** Picks with the picker that was published last. */
    public PickResult pick(PickSubchannelArgs call) {
        return pickers.get(pickers.size() - 1).pickSubchannel(call);
    }

    /** Picks and returns the port of the server picked. */
    public int pickPort(PickSubchannelArgs call) {
        Subchannel picked = pick(call).getSubchannel();
        if (picked == null) {
            throw new AssertionError("no server: " + pick(call));
        }
        return ((FakeSubchannel) picked).port();
    }

    /** Runs something whenever a picker is published. */
    public void onPublish(Runnable action) {
        onPublish = action;
    }

    public void inSyncContext(Runnable action) {
        syncContext.execute(action);
    }

    @Override
    public Subchannel createSubchannel(CreateSubchannelArgs createArgs) {
        FakeSubchannel subchannel = new FakeSubchannel(createArgs, syncContext);
        subchannels.add(subchannel);
        return subchannel;
    }

    @Override
    public void updateBalancingState(ConnectivityState newState, SubchannelPicker newPicker) {
        state = newState;
        pickers.add(newPicker);
        onPublish.run();
    }

    @Override
    public void refreshNameResolution() {}

    @Override
    public SynchronizationContext getSynchronizationContext() {
        return syncContext;
    }

    @Override
    public ScheduledExecutorService getScheduledExecutorService() {
        return clock;
    }

    @Override
    public NameResolver.Args getNameResolverArgs() {
        return args;
    }

    @Override
    public String getAuthority() {
        return "svc";
    }

    @Override
    public ChannelLogger getChannelLogger() {
        return args.getChannelLogger();
    }

    @Override
    public ManagedChannel createOobChannel(EquivalentAddressGroup group, String authority) {
        throw new UnsupportedOperationException();
    }
}
