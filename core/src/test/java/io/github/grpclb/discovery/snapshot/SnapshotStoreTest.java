package io.github.grpclb.discovery.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.follow.SavedList;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FaultRow;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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

    private static final SnapshotFormat<List<String>> ADDRESSES = new Addresses();

    private final Endpoint endpoint =
            Endpoint.builder("svc", "10.0.0.1", 8080).id("a").build();

    @TempDir
    private Path parent;

    private Path directory() {
        return parent.resolve("made/here");
    }

    @Test
    void givesBackWhatWasKept() throws Exception {
        assertThat(recalled("svc", keep("svc")).records()).containsExactly("10.0.0.1:8080");
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
    void holdsTenThousandServers() throws Exception {
        List<Endpoint> endpoints = IntStream.range(0, 10_000)
                .mapToObj(i -> Endpoint.builder("svc", "x".repeat(200) + i, 1).build())
                .toList();
        SnapshotStore<List<String>> store = store(directory());
        CompletableFuture<SavedList<List<String>>> answer = new CompletableFuture<>();
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
                .isThrownBy(() -> store(file))
                .withMessageStartingWith("directory: " + file + " (expected: a directory that this process can make");
    }

    @Test
    void answersAlsoWhenItIsClosed() {
        SnapshotStore<List<String>> store = store(directory());
        store.close();
        store.close();
        store.keep("svc", List.of(endpoint));
        CompletableFuture<SavedList<List<String>>> answer = new CompletableFuture<>();
        store.recall("svc", answer::complete);
        assertThat(answer).isCompletedWithValue(null);
    }

    @Test
    void ignoresWhatTheFormatRefuses(CapturedLog output) throws Exception {
        Path file = keep("svc");
        Files.writeString(file, "nonsense");
        assertIgnored(file, output);
        assertThat(output).contains("ignored: no time in the first line");
    }

    private void assertIgnored(Path file, CapturedLog output) throws Exception {
        assertThat(recalled("svc", file)).isNull();
        assertThat(output.toString().lines().toList())
                .last()
                .asString()
                .contains("WARN", "svc: snapshot " + file + " ignored: ");
    }

    private Path keep(String service) {
        SnapshotStore<List<String>> store = store(directory());
        store.keep(service, List.of(endpoint));
        store.close();
        try {
            return SnapshotDirectory.open(directory()).file(service, ADDRESSES.registry());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns what is recalled, which is to be that of the file. */
    private SavedList<List<String>> recalled(String service, Path file) throws Exception {
        assertThat(file).exists();
        SnapshotStore<List<String>> store = store(directory());
        CompletableFuture<SavedList<List<String>>> answer = new CompletableFuture<>();
        store.recall(service, answer::complete);
        SavedList<List<String>> saved = answer.get();
        store.close();
        return saved;
    }

    private static SnapshotStore<List<String>> store(Path directory) {
        return SnapshotStore.open(new SnapshotOptions(directory, Duration.ofHours(24)), ADDRESSES);
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private void assumePosix() {
        assumeTrue(parent.getFileSystem().supportedFileAttributeViews().contains("posix"));
    }

    /** The time, then an address in each line. */
    private static final class Addresses implements SnapshotFormat<List<String>> {

        @Override
        public String registry() {
            return "addresses";
        }

        @Override
        public byte[] encode(String service, long asOf, List<Endpoint> endpoints) {
            return (asOf + "\n"
                            + String.join(
                                    "\n",
                                    endpoints.stream().map(Endpoint::address).toList()))
                    .getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public SavedList<List<String>> decode(String service, byte[] text, String origin) throws IOException {
            List<String> lines =
                    new String(text, StandardCharsets.UTF_8).lines().toList();
            if (lines.isEmpty() || !lines.get(0).matches("\\d{1,18}")) {
                throw new IOException("no time in the first line");
            }
            return new SavedList<>(Long.parseLong(lines.get(0)), lines.subList(1, lines.size()), origin);
        }
    }
}
