package io.github.grpclb.etcd.client;

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What carries the calls to etcd: in plaintext the shaded Netty where it is on the class path, since net.devh's and Spring's gRPC then
 * use it too. A second Netty costs a start some 800 classes, and an event loop.
 */
final class EtcdTransport {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);

    private static final boolean IS_SHADED_PRESENT =
            isPresent("io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder");

    private EtcdTransport() {}

    static ManagedChannelBuilder<?> builder(String target, EtcdOptions.@Nullable TlsSource tls) {
        if (tls != null) {
            return Netty.builder(target).sslContext(Netty.sslContext(tls));
        }
        return (IS_SHADED_PRESENT ? Shaded.builder(target) : Netty.builder(target)).usePlaintext();
    }

    private static boolean isPresent(String type) {
        try {
            Class.forName(type, false, EtcdTransport.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static final class Netty {

        static NettyChannelBuilder builder(String target) {
            return NettyChannelBuilder.forTarget(target)
                    .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT_TIMEOUT.toMillis());
        }

        static SslContext sslContext(EtcdOptions.TlsSource source) {
            try {
                EtcdTls tls = source.get();
                SslContextBuilder builder =
                        GrpcSslContexts.forClient().trustManager(tls.trust()).keyManager(tls.key());
                if (!tls.protocols().isEmpty()) {
                    builder.protocols(tls.protocols());
                }
                if (!tls.ciphers().isEmpty()) {
                    builder.ciphers(tls.ciphers());
                }
                return builder.build();
            } catch (Exception e) {
                throw new EtcdException(
                        EtcdException.Kind.AUTHENTICATION, "TLS for etcd cannot be set up: " + e.getMessage(), e);
            }
        }
    }

    /** A class of its own: the JVM looks for the classes that one names when it is first used. */
    private static final class Shaded {

        static ManagedChannelBuilder<?> builder(String target) {
            return io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder.forTarget(target)
                    .withOption(io.grpc.netty.shaded.io.netty.channel.ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                            CONNECT_TIMEOUT.toMillis());
        }
    }
}
