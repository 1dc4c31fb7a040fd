package io.github.grpclb.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.GetOption;
import io.github.grpclb.test.TestEtcd;
import io.github.grpclb.test.WithEmbeddedEtcd;
import org.junit.jupiter.api.Test;

/** What docs/testing.md shows of a test with JUnit. */
@WithEmbeddedEtcd
class RegistrationIT {

    @Test
    void startsWithNothingRegistered(TestEtcd etcd) {
        try (Client client =
                Client.builder().endpoints(etcd.endpoint().toString()).build()) {
            ByteSequence all = ByteSequence.from(etcd.prefix(), UTF_8);
            GetResponse found = client.getKVClient()
                    .get(all, GetOption.builder().isPrefix(true).build())
                    .join();
            assertThat(found.getCount()).isZero();
        }
    }
}
