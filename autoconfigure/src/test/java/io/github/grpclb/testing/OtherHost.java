package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Assumptions;

/**
 * A network namespace that stands for another host. Two links lead there: one for clients and one for the members of a cluster, which
 * can be cut: what is sent over it is lost, and nobody is told. Needs root. For one thread.
 */
public final class OtherHost implements AutoCloseable {

    private static final int NETWORKS = 250;

    private final String name;
    private final String network;

    private OtherHost(String name, String network) {
        this.name = name;
        this.network = network;
    }

    /** Makes one; ends the test as skipped where this machine does not allow it. */
    public static OtherHost create() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        // addresses for tests of networks (RFC 2544); an interface's name has 15 letters at most
        OtherHost host = new OtherHost(
                "glb" + Integer.toHexString(random.nextInt(1 << 24)), "198.18." + random.nextInt(NETWORKS) + ".");
        if (!succeeds("ip", "netns", "add", host.name)) {
            return Assumptions.abort("No network namespaces: they need root and ip(8)");
        }
        try {
            host.link("c", 1);
            host.link("p", 5);
            return host;
        } catch (AssertionError e) {
            host.close();
            throw e;
        }
    }

    /** Returns the command that runs another command there. */
    public List<String> command() {
        return List.of("ip", "netns", "exec", name);
    }

    /** Returns the address at which clients here reach what listens there. */
    public String clientAddress() {
        return network + 2;
    }

    /** Returns the address of this machine at the members' link. */
    public String localPeerAddress() {
        return network + 5;
    }

    /** Returns the address there at the members' link. */
    public String peerAddress() {
        return network + 6;
    }

    /** Cuts the members' link. */
    public void cut() {
        run("ip", "link", "set", name + "p", "down");
    }

    /** Mends the members' link. */
    public void mend() {
        run("ip", "link", "set", name + "p", "up");
    }

    /** Removes it with its links. */
    @Override
    public void close() {
        succeeds("ip", "link", "del", name + "c");
        succeeds("ip", "link", "del", name + "p");
        run("ip", "netns", "del", name);
    }

    private void link(String letter, int lowest) {
        run("ip", "link", "add", name + letter, "type", "veth", "peer", "name", letter, "netns", name);
        run("ip", "addr", "add", network + lowest + "/30", "dev", name + letter);
        run("ip", "link", "set", name + letter, "up");
        run("ip", "-n", name, "addr", "add", network + (lowest + 1) + "/30", "dev", letter);
        run("ip", "-n", name, "link", "set", letter, "up");
    }

    private static void run(String... command) {
        assertThat(succeeds(command)).as(String.join(" ", command)).isTrue();
    }

    private static boolean succeeds(String... command) {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
