package io.github.grpclb.etcd.record;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The values of records as text: UTF-8, and not beyond a limit. */
@Internal
public final class RecordText {

    private static final int MAX_VALUE_BYTES = 64 * 1024;

    /** Stands for any value that is too large. */
    private static final ByteString EXCESS = ByteString.copyFrom(new byte[MAX_VALUE_BYTES + 1]);

    private RecordText() {}

    /** Returns a value's text without the space around it. */
    public static String of(ByteString value) throws MalformedRecordException {
        if (value.size() > MAX_VALUE_BYTES) {
            throw new MalformedRecordException(
                    "value", "more than " + MAX_VALUE_BYTES + " bytes", "at most " + MAX_VALUE_BYTES);
        }
        try {
            ByteBuffer bytes = value.asReadOnlyByteBuffer();
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString().strip();
        } catch (CharacterCodingException e) {
            throw new MalformedRecordException("value", value.toStringUtf8(), "UTF-8");
        }
    }

    /** Returns a record that reads as the given one does, without the bytes of a value that is too large in any case. */
    public static KeyValue withoutExcess(KeyValue record) {
        if (record.value().size() <= MAX_VALUE_BYTES) {
            return record;
        }
        return new KeyValue(record.key(), EXCESS, record.createRevision(), record.modRevision(), record.lease());
    }
}
