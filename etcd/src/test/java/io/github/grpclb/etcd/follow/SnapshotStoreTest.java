package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FaultRow;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as they are written, and files that nobody should believe. */
@FaultRow(2)
@ExtendWith(CapturedLog.Extension.class)
class SnapshotStoreTest {

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
    private Path parent;

    private Path directory() {
        return parent.resolve("made/here");
    }

    @Test
    void givesBackWhatWasKept() throws Exception {
        SavedList saved = recalled("svc", keep("svc"));
        assertThat(saved.records()).hasSize(1);
        assertThat(new EndpointCodec(ETCD.keySpace())
                        .decode("svc", saved.records().get(0)))
                .isEqualTo(endpoint);
    }

    @Test
    void isForItsOwnerAlone() throws IOException {
        assumePosix();
        Path file = keep("svc");
        assertThat(mode(file)).isEqualTo("rw-------");
        assertThat(mode(directory())).isEqualTo("rwx------");
        assertThat(mode(directory().getParent())).isEqualTo("rwx------");
    }

    @Test
    void leavesNothingElseBehind() throws IOException {
        keep("svc");
        keep("svc");
        try (var files = Files.list(directory())) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void tellsNoSecret() throws IOException {
        EtcdOptions secret =
                new EtcdOptions(ETCD.endpoints(), "/grpclb/", "user", "canary", null, EtcdOptions.DEFAULT_CALL_TIMEOUT);
        assertThat(Files.readString(keep("svc", secret))).doesNotContain("canary", "user");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "../../etc/passwd", "CON", "nul.txt", "a:b*?\"<>|", "über\\x", ".", "-rf"})
    void namesItsFileSafelyWhateverTheServicesName(String service) throws Exception {
        Path file = keep(service);
        assertThat(file.getParent()).isEqualTo(directory().toAbsolutePath());
        assertThat(file.getFileName().toString()).matches("[A-Za-z0-9_]*-[0-9a-f]{32}\\.json");
        assertThat(recalled(service, file)).isNotNull();
    }

    @Test
    void keepsServicesApartWhoseNamesLookAlike() throws IOException {
        String longName = "x".repeat(250);
        List<String> names = List.of("a.b", "a/b", "A.b", "a_b", longName, longName + "y");
        assertThat(names.stream().map(this::keep)).doesNotHaveDuplicates();
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
    void doesNotReadAFileThatIsTooLong(CapturedLog output) throws Exception {
        Path file = keep("svc");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(8L << 30);
        }
        assertIgnored(file, output);
        assertThat(output).contains("it has 8589934592 bytes (expected: at most 33554432)");
    }

    @Test
    void ignoresALinkAndADirectory(CapturedLog output) throws Exception {
        Path file = keep("svc");
        Path elsewhere = Files.move(file, parent.resolve("elsewhere"));
        Files.createSymbolicLink(file, elsewhere);
        assertThat(recalled("svc", file)).isNull();
        assertThat(output).contains("it is not a regular file");
        Files.delete(file);
        Files.createDirectory(file);
        assertIgnored(file, output);
    }

    @Test
    void replacesALinkInsteadOfFollowingIt() throws Exception {
        Path file = keep("svc");
        Path victim = Files.writeString(parent.resolve("victim"), "mine");
        Files.delete(file);
        Files.createSymbolicLink(file, victim);
        keep("svc");
        assertThat(victim).hasContent("mine");
        assertThat(Files.isSymbolicLink(file)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-rw----", "rw-----w-"})
    void ignoresAFileThatOthersMayWrite(String mode, CapturedLog output) throws Exception {
        assumePosix();
        Path file = keep("svc");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        assertIgnored(file, output);
        assertThat(output).contains("its mode is " + mode);
    }

    @Test
    void ignoresAFileOfAnotherOwner(CapturedLog output) throws Exception {
        assumePosix();
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can give files away");
        Path file = keep("svc");
        Files.setOwner(
                file, file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        assertIgnored(file, output);
        assertThat(output).contains("its owner is nobody (expected: root)");
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
        SnapshotStore store = store(directory(), ETCD);
        for (int i = 0; i < 3_000; i++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(8) == 0 ? random.nextInt(whole.length) : whole.length);
            for (int flips = random.nextInt(4) + 1; flips > 0 && damaged.length > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, damaged);
            CompletableFuture<SavedList> answer = new CompletableFuture<>();
            store.recall("svc", answer::complete);
            assertThat(answer).as("seed %d, file %d", SEED, i).succeedsWithin(Duration.ofSeconds(10));
        }
        store.close();
    }

    @Test
    void holdsTenThousandServers() throws Exception {
        List<Endpoint> endpoints = IntStream.range(0, 10_000)
                .mapToObj(i -> endpoint.toBuilder()
                        .key("/grpclb/svc/" + i)
                        .metadata(Map.of("text", "x".repeat(1000)))
                        .build())
                .toList();
        SnapshotStore store = store(directory(), ETCD);
        CompletableFuture<SavedList> answer = new CompletableFuture<>();
        store.keep("svc", endpoints);
        store.recall("svc", answer::complete); // on the thread that has written before
        assertThat(answer.get().records()).hasSize(10_000);
        store.close();
    }

    @Test
    void writesWhereThereAreNoModes() throws Exception {
        try (FileSystem zip = FileSystems.newFileSystem(parent.resolve("files.zip"), Map.of("create", "true"))) {
            assertThat(zip.supportedFileAttributeViews()).doesNotContain("posix");
            SnapshotDirectory directory = SnapshotDirectory.open(zip.getPath("/snapshots"));
            Path file = directory.file("svc", "");
            directory.write(file, new byte[] {1});
            directory.write(file, new byte[] {1, 2});
            assertThat(Files.readAllBytes(file)).containsExactly(1, 2);
        }
    }

    @Test
    void readsWhereThereAreNoOwners() throws Exception {
        SnapshotDirectory directory = new SnapshotDirectory(parent, null);
        Path file = directory.file("svc", "");
        directory.write(file, new byte[] {1, 2});
        assertThat(directory.read(file)).containsExactly(1, 2);
    }

    @Test
    void refusesADirectoryThatIsNone() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store(file, ETCD))
                .withMessageStartingWith("directory: " + file + " (expected: a directory that this process can make");
    }

    @Test
    void answersAlsoWhenItIsClosed() {
        SnapshotStore store = store(directory(), ETCD);
        store.close();
        store.close();
        store.keep("svc", List.of(endpoint));
        CompletableFuture<SavedList> answer = new CompletableFuture<>();
        store.recall("svc", answer::complete);
        assertThat(answer).isCompletedWithValue(null);
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

    private Path keep(String service, EtcdOptions options) {
        SnapshotStore store = store(directory(), options);
        store.keep(service, List.of(endpoint));
        store.close();
        return file(service, options);
    }

    private Path file(String service, EtcdOptions options) {
        try {
            return SnapshotDirectory.open(directory()).file(service, options.prefix() + "\0" + options.endpoints());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns what is recalled, which is to be that of the file. */
    private SavedList recalled(String service, Path file) throws Exception {
        assertThat(file).exists();
        SnapshotStore store = store(directory(), ETCD);
        CompletableFuture<SavedList> answer = new CompletableFuture<>();
        store.recall(service, answer::complete);
        SavedList saved = answer.get();
        store.close();
        return saved;
    }

    private static SnapshotStore store(Path directory, EtcdOptions options) {
        return SnapshotStore.open(new SnapshotOptions(directory, Duration.ofHours(24)), options);
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private void assumePosix() {
        assumeTrue(parent.getFileSystem().supportedFileAttributeViews().contains("posix"));
    }
}
