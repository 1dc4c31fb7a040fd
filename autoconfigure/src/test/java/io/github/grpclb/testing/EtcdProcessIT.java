package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EtcdProcessIT {

    private static final ByteSequence KEY = ByteSequence.from("key", StandardCharsets.UTF_8);

    @Test
    void keepsItsEndpointAndItsDataWhenItIsKilledAndStartedAgain() throws Exception {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                Client client =
                        Client.builder().endpoints(etcd.endpoint().toString()).build()) {
            client.getKVClient().put(KEY, KEY).get(5, TimeUnit.SECONDS);

            etcd.kill();
            etcd.start();

            assertThat(count(client)).isOne();
        }
    }

    @Test
    void isEmptyAfterItsDataAreWiped() throws Exception {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                Client client =
                        Client.builder().endpoints(etcd.endpoint().toString()).build()) {
            client.getKVClient().put(KEY, KEY).get(5, TimeUnit.SECONDS);

            etcd.stop();
            etcd.wipeData();
            etcd.start();

            assertThat(count(client)).isZero();
        }
    }

    @Test
    void answersAgainAfterAPause() throws Exception {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                Client client =
                        Client.builder().endpoints(etcd.endpoint().toString()).build()) {
            etcd.pause();
            var answer = client.getKVClient().get(KEY);
            assertThat(answer).isNotDone();

            etcd.resume();

            assertThat(answer).succeedsWithin(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void leavesNeitherProcessNorFilesBehind() {
        EtcdProcess etcd = EtcdServers.startProcess();
        long pid = etcd.pid();

        etcd.close();

        assertThat(ProcessHandle.of(pid)).isEmpty();
        assertThat(Files.exists(etcd.dataDirectory())).isFalse();
    }

    private static long count(Client client) throws Exception {
        return client.getKVClient().get(KEY).get(10, TimeUnit.SECONDS).getCount();
    }
}
