package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.TcpProxy.Direction;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpProxyIT {

    private ServerSocket server;
    private TcpProxy proxy;
    private Socket client;
    private Socket served;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
        proxy = TcpProxy.to((InetSocketAddress) server.getLocalSocketAddress());
        open();
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        server.close();
        client.close();
        served.close();
    }

    @Test
    void passesBothWaysAndTheEnd() throws IOException {
        client.getOutputStream().write(7);
        assertThat(served.getInputStream().read()).isEqualTo(7);
        served.getOutputStream().write(8);
        assertThat(client.getInputStream().read()).isEqualTo(8);

        client.shutdownOutput();
        assertThat(served.getInputStream().read()).isEqualTo(-1);
        served.close();
        assertThat(client.getInputStream().read()).isEqualTo(-1);

        await().until(() -> proxy.open() == 0);
        assertThat(proxy.accepted()).isOne();
    }

    @Test
    void stallsOneDirectionUntilItIsHealed() throws IOException {
        proxy.stall(Direction.TO_CLIENT);
        client.getOutputStream().write(7);
        assertThat(served.getInputStream().read()).isEqualTo(7);
        served.getOutputStream().write(8);
        assertNothingComes();

        proxy.heal();
        assertThat(client.getInputStream().read()).isEqualTo(8);
    }

    @Test
    void keepsAnEndBackWhileItStalls() throws IOException {
        proxy.stall();
        served.close();
        assertNothingComes();

        proxy.heal();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void delays() throws IOException {
        proxy.delay(Direction.TO_SERVER, () -> Duration.ofMillis(200));
        long sent = System.nanoTime();
        client.getOutputStream().write(7);
        assertThat(served.getInputStream().read()).isEqualTo(7);
        assertThat(Duration.ofNanos(System.nanoTime() - sent)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
    }

    @Test
    void resetsBothSides() throws IOException {
        proxy.reset();
        assertIsReset(client);
        assertIsReset(served);
        assertThat(proxy.open()).isZero();

        open();
        assertThat(proxy.accepted()).isEqualTo(2);
    }

    @Test
    void cutsInTheMiddleOfWhatIsSent() throws IOException {
        proxy.cutAfter(3);
        served.getOutputStream().write(new byte[10]);
        assertThat(client.getInputStream().readNBytes(3)).hasSize(3);
        assertIsReset(client);
    }

    @Test
    void endsTheServersHalfAlone() throws IOException {
        proxy.halfClose();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        client.getOutputStream().write(7);
        assertThat(served.getInputStream().read()).isEqualTo(7);
    }

    @Test
    void refusesUntilItIsHealed() throws IOException {
        proxy.cut();
        assertIsReset(client);
        assertThatThrownBy(this::open).isInstanceOf(IOException.class);

        proxy.heal();
        open();
        client.getOutputStream().write(7);
        assertThat(served.getInputStream().read()).isEqualTo(7);
    }

    private void open() throws IOException {
        client = new Socket();
        client.setSoTimeout(10_000);
        client.connect(proxy.address());
        served = server.accept();
    }

    private void assertNothingComes() throws IOException {
        client.setSoTimeout(200);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        client.setSoTimeout(10_000);
    }

    private static void assertIsReset(Socket socket) {
        assertThatThrownBy(() -> socket.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .isNotInstanceOf(SocketTimeoutException.class);
    }
}
