package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.follow.SavedList;
import io.github.grpclb.discovery.snapshot.SnapshotOptions;
import io.github.grpclb.discovery.snapshot.SnapshotStore;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FaultRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists as files, and files that nobody should believe. */
@FaultRow(2)
@ExtendWith(CapturedLog.Extension.class)
class RecordFormatTest {

    private static final long SEED = 20_261_120;
    private static final EtcdOptions ETCD = EtcdOptions.of("http://10.0.0.1:2379");

    private final Endpoint endpoint = Endpoint.builder("svc", "10.0.0.1", 8080)
            .id("a")
            .weight(5)
            .zone("z1")
            .startedAt(1_763_600_000_000L)
            .metadata(Map.of("odd", "\"<\u0000\n\u2028ü"))
            .key("/grpclb/svc/10.0.0.1:8080")
            .createRevision(42)
            .build();

    @TempDir
    private Path directory;

    @Test
    void givesBackWhatWasKept() throws Exception {
        SavedList<List<KeyValue>> saved = recalled("svc", keep("svc"));
        assertThat(saved.records()).hasSize(1);
        assertThat(new EndpointCodec(ETCD.keySpace())
                        .decode("svc", saved.records().get(0)))
                .isEqualTo(endpoint);
    }

    @Test
    void namesTheClusterWhateverTheOrderOfItsMembers() {
        assertThat(format("http://a:1", "http://b:1").registry())
                .isEqualTo(format("http://b:1", "http://a:1").registry())
                .isNotEqualTo(format("http://a:1").registry());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\0",
                "null",
                "[]",
                "{}",
                "{\"format\":1}",
                "{\"format\":1,\"format\":1}",
                "{\"format\":2,",
                "{\"unknown\":[[[[[[[[[[]]]]]]]]]]}",
                "{\"records\":{}}",
                "{\"records\":[[]]}",
                "{\"records\":[{\"key\":null}]}",
                "{\"asOf\":-1}",
                "{\"asOf\":1e400000000}",
                "{\"asOf\":\"5\"}",
                "{'format':1}",
                "\ufeff{}"
            })
    void ignoresWhatIsNoSnapshot(String text, CapturedLog output) throws Exception {
        Path file = keep("svc");
        Files.writeString(file, text);
        assertIgnored(file, output);
    }

    @Test
    void ignoresAFileThatWasCutShort(CapturedLog output) throws Exception {
        Path file = keep("svc");
        String whole = Files.readString(file);
        for (int length = 0; length < whole.stripTrailing().length(); length++) {
            Files.writeString(file, whole.substring(0, length));
            assertThat(recalled("svc", file)).as("cut after %d", length).isNull();
        }
        assertIgnored(file, output);
    }

    @Test
    void ignoresNestingNumbersAndBytesWithoutEnd(CapturedLog output) throws Exception {
        Path file = keep("svc");
        for (String text :
                List.of("[".repeat(100_000), "{\"records\":".repeat(100_000), "{\"asOf\":" + "9".repeat(100_000))) {
            Files.writeString(file, text);
            assertThat(recalled("svc", file)).isNull();
        }
        Files.write(file, new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe});
        assertIgnored(file, output);
    }

    @Test
    void ignoresTheFileOfAnotherService(CapturedLog output) throws Exception {
        Path file = keep("svc");
        Files.delete(file);
        Files.move(keep("other"), file);
        assertIgnored(file, output);
        assertThat(output).contains("service: 'other' (expected: svc)");
    }

    @Test
    void neverFailsHoweverAFileIsDamaged() throws Exception {
        Path file = keep("svc");
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(SEED);
        SnapshotStore<List<KeyValue>> store = store(ETCD);
        for (int i = 0; i < 3_000; i++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(8) == 0 ? random.nextInt(whole.length) : whole.length);
            for (int flips = random.nextInt(4) + 1; flips > 0 && damaged.length > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, damaged);
            CompletableFuture<SavedList<List<KeyValue>>> answer = new CompletableFuture<>();
            store.recall("svc", answer::complete);
            assertThat(answer).as("seed %d, file %d", SEED, i).succeedsWithin(Duration.ofSeconds(10));
        }
        store.close();
    }

    @Test
    void tellsNoSecret() throws IOException {
        EtcdOptions secret =
                new EtcdOptions(ETCD.endpoints(), "/grpclb/", "user", "canary", null, EtcdOptions.DEFAULT_CALL_TIMEOUT);
        assertThat(Files.readString(keep("svc", secret))).doesNotContain("canary", "user");
    }

    private void assertIgnored(Path file, CapturedLog output) throws Exception {
        assertThat(recalled("svc", file)).isNull();
        assertThat(output.toString().lines().toList())
                .last()
                .asString()
                .contains("WARN", "svc: snapshot " + file + " ignored: ");
    }

    private Path keep(String service) {
        return keep(service, ETCD);
    }

    /** Returns the only file that is new. */
    private Path keep(String service, EtcdOptions options) {
        List<Path> before = files();
        SnapshotStore<List<KeyValue>> store = store(options);
        store.keep(service, List.of(endpoint));
        store.close();
        return files().stream()
                .filter(file -> !before.contains(file))
                .findFirst()
                .orElseThrow();
    }

    private List<Path> files() {
        try (var files = Files.list(directory)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns what is recalled, which is to be that of the file. */
    private @Nullable SavedList<List<KeyValue>> recalled(String service, Path file) throws Exception {
        assertThat(file).exists();
        SnapshotStore<List<KeyValue>> store = store(ETCD);
        CompletableFuture<SavedList<List<KeyValue>>> answer = new CompletableFuture<>();
        store.recall(service, answer::complete);
        SavedList<List<KeyValue>> saved = answer.get();
        store.close();
        return saved;
    }

    private SnapshotStore<List<KeyValue>> store(EtcdOptions options) {
        return SnapshotStore.open(new SnapshotOptions(directory, Duration.ofHours(24)), new RecordFormat(options));
    }

    private static RecordFormat format(String... members) {
        return new RecordFormat(EtcdOptions.of(members));
    }
}
