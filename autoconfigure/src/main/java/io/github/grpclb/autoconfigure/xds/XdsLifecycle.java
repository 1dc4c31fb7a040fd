package io.github.grpclb.autoconfigure.xds;

import com.google.common.base.Throwables;
import io.github.grpclb.actuate.ControlPlaneStatus;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.XdsProperties;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.xds.XdsControlPlane;
import io.github.grpclb.xds.XdsServer;
import io.grpc.ServerCredentials;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Starts the control plane with the application, and again after a pause. Thread-safe.
 */
@Internal
public final class XdsLifecycle implements SmartLifecycle, ControlPlaneStatus.Source {

    private static final Logger log = LoggerFactory.getLogger(XdsLifecycle.class);

    private final XdsProperties properties;
    private final ServerCredentials credentials;
    private final Supplier<XdsControlPlane> maker;
    private @Nullable XdsServer server;

    XdsLifecycle(XdsProperties properties, ServerCredentials credentials, Supplier<XdsControlPlane> maker) {
        if (!isTextOfHeaders(properties.token())) {
            throw new InvalidPropertyException(
                    XdsSettings.PREFIX + "token",
                    "******",
                    "printable ASCII characters, as all else cannot be sent in a header",
                    "Choose another token.");
        }
        this.properties = properties;
        this.credentials = credentials;
        this.maker = maker;
    }

    /** Returns the control plane; null while it is not running. */
    public synchronized @Nullable XdsControlPlane controlPlane() {
        return server == null ? null : server.controlPlane();
    }

    @Override
    public synchronized int port() {
        return server == null ? -1 : server.port();
    }

    @Override
    public int streams() {
        XdsControlPlane running = controlPlane();
        return running == null ? 0 : running.openStreams();
    }

    @Override
    public @Nullable ControlPlaneStatus status() {
        XdsControlPlane running = controlPlane();
        return running == null ? null : ControlPlaneStatuses.of(running, port());
    }

    @Override
    public synchronized void start() {
        if (server != null) {
            return;
        }
        InetSocketAddress address = address();
        XdsControlPlane made = maker.get();
        try {
            server = XdsServer.start(made, address, credentials, properties.token());
        } catch (IOException e) {
            made.close();
            throw new InvalidPropertyException(
                    XdsSettings.PREFIX + "port",
                    properties.port(),
                    "a port at " + properties.address() + " that is free: "
                            + Throwables.getRootCause(e).getMessage(),
                    "Choose another port or address, or stop what listens there.",
                    e);
        }
        log.info("xDS control plane listens on {} port {}", properties.address(), server.port());
        if (!address.getAddress().isLoopbackAddress() && tellsEverybody()) {
            log.warn(
                    "The xDS control plane listens on {} and wants neither a certificate nor a token: whoever reaches it reads the"
                            + " whole registry; set grpc.lb.xds.ssl.bundle, with ssl.client-auth=need, or grpc.lb.xds.token",
                    properties.address());
        }
    }

    private boolean tellsEverybody() {
        boolean wantsCertificates =
                properties.ssl().bundle() != null && properties.ssl().clientAuth() == XdsProperties.ClientAuth.NEED;
        return !wantsCertificates && properties.token() == null;
    }

    @Override
    public synchronized void stop() {
        if (server != null) {
            server.close();
            server = null;
        }
    }

    @Override
    public synchronized boolean isRunning() {
        return server != null;
    }

    private InetSocketAddress address() {
        if (properties.port() < 0 || properties.port() > 0xffff) {
            throw new InvalidPropertyException(
                    XdsSettings.PREFIX + "port", properties.port(), "0 to 65535", "Correct the property.");
        }
        InetSocketAddress address = new InetSocketAddress(properties.address(), properties.port());
        if (address.isUnresolved()) {
            throw new InvalidPropertyException(
                    XdsSettings.PREFIX + "address",
                    properties.address(),
                    "an address of this machine, such as 0.0.0.0 for all of them",
                    "Correct the property.");
        }
        return address;
    }

    private static boolean isTextOfHeaders(@Nullable String text) {
        return text == null || text.chars().allMatch(each -> each >= ' ' && each <= '~');
    }
}
