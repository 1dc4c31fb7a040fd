package io.github.grpclb.testing;

import io.grpc.Attributes;
import io.grpc.ChannelLogger;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelStateListener;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.net.InetSocketAddress;
import java.util.List;

/** A connection whose state a test sets. */
public final class FakeSubchannel extends Subchannel {

    private final CreateSubchannelArgs args;
    private final SynchronizationContext syncContext;
    private SubchannelStateListener listener = state -> {};
    private int connectionRequests;
    private int addressUpdates;
    private int shutdowns;

    FakeSubchannel(CreateSubchannelArgs args, SynchronizationContext syncContext) {
        this.args = args;
        this.syncContext = syncContext;
    }

    public void ready() {
        becomes(ConnectivityStateInfo.forNonError(ConnectivityState.READY));
    }

    public void connecting() {
        becomes(ConnectivityStateInfo.forNonError(ConnectivityState.CONNECTING));
    }

    public void idle() {
        becomes(ConnectivityStateInfo.forNonError(ConnectivityState.IDLE));
    }

    public void fails(String why) {
        becomes(ConnectivityStateInfo.forTransientFailure(Status.UNAVAILABLE.withDescription(why)));
    }

    private void becomes(ConnectivityStateInfo state) {
        syncContext.execute(() -> listener.onSubchannelState(state));
    }

    public int port() {
        return ((InetSocketAddress) args.getAddresses().get(0).getAddresses().get(0)).getPort();
    }

    public int connectionRequests() {
        return connectionRequests;
    }

    public int addressUpdates() {
        return addressUpdates;
    }

    public boolean isShutdown() {
        return shutdowns > 0;
    }

    /** Returns how often it was told to. */
    public int shutdowns() {
        return shutdowns;
    }

    @Override
    public void start(SubchannelStateListener newListener) {
        listener = newListener;
    }

    @Override
    public void shutdown() {
        shutdowns++;
        becomes(ConnectivityStateInfo.forNonError(ConnectivityState.SHUTDOWN));
    }

    @Override
    public void requestConnection() {
        connectionRequests++;
    }

    @Override
    public void updateAddresses(List<EquivalentAddressGroup> addresses) {
        addressUpdates++;
    }

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
        return new SilentLogger();
    }

    @Override
    public String toString() {
        return "FakeSubchannel:" + port();
    }
}
