package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** gRPC's clients do not let anybody ping as often as this, so the frames are written by hand (RFC 9113). */
abstract class PingContract extends EtcdContract {

    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GOAWAY = 7;

    @Test
    void sendsAwayWhoPingsTooOften() throws IOException {
        try (Socket socket = new Socket(endpoint().getHost(), endpoint().getPort())) {
            socket.setSoTimeout(20_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            send(out, SETTINGS, 0);
            // the first may come at any time, and two more too early
            for (int i = 0; i < 4; i++) {
                send(out, PING, 8);
            }
            assertThat(new String(payloadOf(GOAWAY, socket), StandardCharsets.US_ASCII))
                    .endsWith("too_many_pings");
        }
    }

    private static void send(DataOutputStream out, int type, int length) throws IOException {
        out.writeShort(0);
        out.writeByte(length);
        out.writeByte(type);
        out.writeByte(0);
        out.writeInt(0);
        out.write(new byte[length]);
        out.flush();
    }

    private static byte[] payloadOf(int wanted, Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        while (true) {
            int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
            int type = in.readUnsignedByte();
            in.skipNBytes(5);
            byte[] payload = new byte[length];
            in.readFully(payload);
            if (type == wanted) {
                return payload;
            }
        }
    }
}
