package io.github.grpclb.xds.resource;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import io.github.grpclb.discovery.Internal;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A resource as it goes out. Its version is a digest of its content: the same on every control plane, after a restart too, and no other
 * while nothing changed. Immutable.
 *
 * @param type which of them
 * @param name unique within the type
 * @param version changes with the content, and with nothing else
 * @param body the message itself
 */
@Internal
public record Resource(ResourceType type, String name, String version, Any body) {

    /** Half of a SHA-256 in hexadecimal digits: versions are compared for equality, and no one gains by forging one. */
    private static final int DIGITS = 32;

    /** Makes a resource of a message. */
    static Resource of(ResourceType type, String name, Message message) {
        ByteString bytes = bytesOf(message);
        Any body = Any.newBuilder().setTypeUrl(type.url()).setValue(bytes).build();
        return new Resource(type, name, digest(bytes), body);
    }

    private static ByteString bytesOf(Message message) {
        ByteString.Output bytes = ByteString.newOutput(message.getSerializedSize());
        try {
            CodedOutputStream output = CodedOutputStream.newInstance(bytes);
            output.useDeterministicSerialization();
            message.writeTo(output);
            output.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("bytes could not be written to memory", e);
        }
        return bytes.toByteString();
    }

    private static String digest(ByteString bytes) {
        Hasher hasher = Hashing.sha256().newHasher();
        bytes.asReadOnlyByteBufferList().forEach(hasher::putBytes);
        return versionOf(hasher.hash());
    }

    /** Writes a SHA-256 as a version. */
    public static String versionOf(HashCode digest) {
        return digest.toString().substring(0, DIGITS);
    }
}
