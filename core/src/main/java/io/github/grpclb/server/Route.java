package io.github.grpclb.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;

/** From which of its addresses a machine sends. */
@FunctionalInterface
interface Route {

    /** What the kernel says. A datagram socket that is connected sends nothing by that. */
    Route OF_THIS_MACHINE = target -> {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.connect(new InetSocketAddress(target, 9));
            return ((InetSocketAddress) channel.getLocalAddress()).getAddress();
        } catch (IOException | UnsupportedAddressTypeException | SecurityException unreachable) {
            return null;
        }
    };

    /** Returns the address from which packets to a target are sent, or null where no route leads there. */
    @Nullable
    InetAddress sourceTowards(InetAddress target);
}
