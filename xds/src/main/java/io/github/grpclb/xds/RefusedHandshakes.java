package io.github.grpclb.xds;

import com.google.common.base.Throwables;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.discovery.LogText;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs whose TLS handshakes failed, and why. gRPC says no more than that one did, at DEBUG and without an address, and calls nobody. So
 * the server is given a channel of Netty's that looks at each connection it accepts; gRPC then wants its threads, too.
 */
@ChannelHandler.Sharable
final class RefusedHandshakes extends ChannelInboundHandlerAdapter {

    private static final Logger log = LoggerFactory.getLogger(RefusedHandshakes.class);

    /** How long the same of the same host is not said again: a client tries every other minute. */
    private static final Duration PAUSE = Duration.ofHours(1);

    private static final int AS_MANY_AS_USUAL = 0;

    private final LogLimit logLimit = new LogLimit(System::nanoTime);

    @SuppressWarnings("deprecation") // what is in its place came with Netty 4.2
    private final EventLoopGroup threads =
            new NioEventLoopGroup(AS_MANY_AS_USUAL, new DefaultThreadFactory("grpc-lb-xds-tls", true));

    void watch(NettyServerBuilder builder) {
        builder.bossEventLoopGroup(threads).workerEventLoopGroup(threads).channelFactory(this::listening);
    }

    void close() {
        threads.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private NioServerSocketChannel listening() {
        NioServerSocketChannel channel = new NioServerSocketChannel();
        channel.pipeline().addLast(this);
        return channel;
    }

    /** What the channel that listens reads are connections. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
        if (accepted instanceof Channel connection) {
            connection.pipeline().addLast(new FirstBytes());
        }
        context.fireChannelRead(accepted);
    }

    /** By the time that a connection's first bytes come gRPC has added what makes its handshake. */
    private final class FirstBytes extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            SslHandler tls = context.pipeline().get(SslHandler.class);
            if (tls != null) {
                String host = host(context.channel().remoteAddress());
                tls.handshakeFuture().addListener(handshake -> {
                    if (!handshake.isSuccess()) {
                        refused(host, handshake.cause());
                    }
                });
            }
            context.pipeline().remove(this);
            context.fireChannelRead(bytes);
        }
    }

    private static String host(SocketAddress remote) {
        return remote instanceof InetSocketAddress address && address.getAddress() != null
                ? address.getAddress().getHostAddress()
                : String.valueOf(remote);
    }

    private void refused(String host, Throwable cause) {
        Throwable root = Throwables.getRootCause(cause);
        String reason = LogText.of(root.getMessage() == null ? root.toString() : root.getMessage());
        if (logLimit.isDue(RefusedHandshakes.class, host + " " + reason, PAUSE)) {
            log.warn("TLS handshake of an xDS client at {} failed: {}", host, reason);
        }
    }
}
