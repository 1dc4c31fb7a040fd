package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.override.EtcdOverrides;
import io.github.grpclb.etcd.override.OverridePrefix;
import io.github.grpclb.override.Override;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Etcdctl;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The lines of docs/operations.md with which an operator overrides something by {@code etcdctl} alone. */
class OverrideByHandIT {

    private static final Pattern LINES =
            Pattern.compile("With `etcdctl`.*?```bash\n(.*?)\n(etcdctl lease revoke.*?)\n```", Pattern.DOTALL);

    @AutoClose
    private final Opened opened = new Opened();

    @Test
    void isFollowedUntilItIsEnded() throws IOException {
        EtcdProcess etcd = opened.add(EtcdServers.startProcess());
        EtcdConnection connection =
                opened.add(new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString())));
        List<List<Override>> heard = new CopyOnWriteArrayList<>();
        opened.add(new EtcdOverrides(
                        connection, OverridePrefix.DEFAULT, EtcdOverrides.DEFAULT_LINGER, RegistryObserver.NONE))
                .subscribe("greeter", heard::add);
        Matcher lines = LINES.matcher(Files.readString(Repository.file("docs/operations.md")));
        assertThat(lines.find()).isTrue();
        Etcdctl etcdctl = new Etcdctl(etcd.endpoint());
        String lease =
                etcdctl.shell(lines.group(1) + " >/dev/null; echo \"$lease\"").strip();
        assertThat(lease).matches("[0-9a-f]+");
        await().atMost(Duration.ofSeconds(15)).untilAsserted(() -> assertThat(heard)
                .last()
                .satisfies(list -> assertThat(list).singleElement().satisfies(each -> {
                    assertThat(each.effect()).isEqualTo(new Override.Effect.Weight(0));
                    assertThat(each.duration()).isBetween(Duration.ofMinutes(10), Duration.ofSeconds(601));
                })));
        etcdctl.shell("lease=" + lease + "; " + lines.group(2));
        await().atMost(Duration.ofSeconds(15))
                .until(() -> heard.get(heard.size() - 1).isEmpty());
    }
}
