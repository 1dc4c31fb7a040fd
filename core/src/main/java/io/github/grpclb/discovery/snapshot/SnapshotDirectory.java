package io.github.grpclb.discovery.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory of whole files, each replaced at once, for this user alone. Reads no file that another user owns or
 * may write, where the file system knows users, and none that is too long. Blocks. Immutable.
 */
final class SnapshotDirectory {

    static final int MAX_BYTES = 32 * 1024 * 1024;

    private static final int MAX_HEAD = 48;

    private final Path directory;

    /** Who this process is to the file system; null where that knows no users, as on Windows. */
    private final @Nullable UserPrincipal self;

    SnapshotDirectory(Path directory, @Nullable UserPrincipal self) {
        this.directory = directory;
        this.self = self;
    }

    /** Makes the directory where there is none, and tries whether it can be written to. */
    static SnapshotDirectory open(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath();
        if (!Files.isDirectory(absolute)) {
            Files.createDirectories(absolute, forOwnerAlone(absolute));
        }
        Path probe = Files.createTempFile(absolute, "probe", ".tmp");
        try {
            return new SnapshotDirectory(absolute, isPosix(absolute) ? Files.getOwner(probe) : null);
        } finally {
            Files.delete(probe);
        }
    }

    /** Returns the file of a name that may hold any character, different for each name and identity. */
    Path file(String name, String identity) {
        StringBuilder head = new StringBuilder();
        name.chars().limit(MAX_HEAD).forEach(c -> head.append(isPlain(c) ? (char) c : '_'));
        return directory.resolve(head + "-" + hash(name + "\0" + identity) + ".json");
    }

    /** Puts a file in the place of what was there, whole or not at all. */
    void write(Path file, byte[] bytes) throws IOException {
        if (bytes.length > MAX_BYTES) {
            throw new IOException(bytes.length + " bytes (expected: at most " + MAX_BYTES + ")");
        }
        Path temporary = Files.createTempFile(directory, "new", ".tmp"); // readable by its owner alone
        try {
            try (SeekableByteChannel channel = Files.newByteChannel(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                if (channel instanceof FileChannel onDisk) {
                    onDisk.force(true);
                }
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * Returns a file's bytes, or null where there is no such file.
     *
     * @throws IOException if it cannot be read, or must not be believed
     */
    byte @Nullable [] read(Path file) throws IOException {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                throw new IOException("it is not a regular file");
            }
            if (self != null) {
                requireOwn(Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS), self);
            }
            requireSize(attributes.size());
            try (SeekableByteChannel channel =
                    Files.newByteChannel(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
                return readAll(channel);
            }
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static byte[] readAll(SeekableByteChannel channel) throws IOException {
        requireSize(channel.size());
        ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new IOException("it became shorter while it was read");
            }
        }
        return bytes.array();
    }

    private static void requireSize(long size) throws IOException {
        if (size > MAX_BYTES) {
            throw new IOException("it has " + size + " bytes (expected: at most " + MAX_BYTES + ")");
        }
    }

    private static void requireOwn(PosixFileAttributes attributes, UserPrincipal self) throws IOException {
        if (!attributes.owner().equals(self)) {
            throw new IOException(
                    "its owner is " + attributes.owner().getName() + " (expected: " + self.getName() + ")");
        }
        Set<PosixFilePermission> permissions = attributes.permissions();
        if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException("its mode is " + PosixFilePermissions.toString(permissions)
                    + " (expected: writable by nobody but its owner)");
        }
    }

    private static FileAttribute<?>[] forOwnerAlone(Path directory) {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean isPosix(Path directory) throws IOException {
        return Files.getFileStore(directory).supportsFileAttributeView("posix");
    }

    /** No dot: before one Windows reads the name of a device. */
    private static boolean isPlain(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
