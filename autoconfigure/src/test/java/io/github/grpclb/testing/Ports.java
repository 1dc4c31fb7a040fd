package io.github.grpclb.testing;

import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.ServerSocket;

/** Ports of this machine's loopback address. */
public final class Ports {

    private Ports() {}

    /** A server has ended a moment before its port is free: Java gives it back when the selector has dropped the key. */
    public static void awaitFree(int port) {
        await().ignoreExceptions().until(() -> {
            new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
            return true;
        });
    }
}
