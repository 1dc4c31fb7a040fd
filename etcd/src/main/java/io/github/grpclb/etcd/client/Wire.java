package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.github.grpclb.etcd.record.KeyValue;

/** Conversions between etcd's messages and our records. */
final class Wire {

    private static final ByteString NUL = ByteString.copyFrom(new byte[1]);

    private Wire() {}

    /** Bytes that are no text would make one key of several, and one that is in another place. */
    static boolean isText(io.etcd.jetcd.api.KeyValue kv) {
        return kv.getKey().isValidUtf8();
    }

    static KeyValue record(io.etcd.jetcd.api.KeyValue kv) {
        return new KeyValue(
                kv.getKey().toStringUtf8(), kv.getValue(), kv.getCreateRevision(), kv.getModRevision(), kv.getLease());
    }

    /** Returns the first key that may begin with a prefix: etcd knows none that is empty. */
    static ByteString prefixStart(String prefix) {
        return prefix.isEmpty() ? NUL : ByteString.copyFromUtf8(prefix);
    }

    /** The end of the range of all keys that begin with a prefix, which ends in "/". */
    static ByteString prefixEnd(String prefix) {
        if (prefix.isEmpty()) {
            return NUL; // no end
        }
        byte[] bytes = ByteString.copyFromUtf8(prefix).toByteArray();
        bytes[bytes.length - 1]++;
        return ByteString.copyFrom(bytes);
    }

    /** The first key that can follow another. */
    static ByteString next(ByteString key) {
        return key.concat(NUL);
    }
}
