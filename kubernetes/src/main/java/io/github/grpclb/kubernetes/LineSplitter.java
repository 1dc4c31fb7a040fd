package io.github.grpclb.kubernetes;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes lines of bytes as they come. In place of the JDK's own adapter, which loses lines where the end of an answer overtakes the demand
 * for them. Not thread-safe.
 */
final class LineSplitter {

    /** Many times what the largest page of a list has. */
    static final int LONGEST = 64 << 20;

    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();

    /**
     * Takes bytes, and returns the lines that are complete with them, without their ends.
     *
     * @throws MalformedAnswerException if a line does not come to its end
     */
    List<String> add(List<ByteBuffer> buffers) throws MalformedAnswerException {
        List<String> lines = new ArrayList<>();
        for (ByteBuffer buffer : buffers) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            int from = 0;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == '\n') {
                    begun.write(bytes, from, i - from);
                    lines.add(rest());
                    from = i + 1;
                }
            }
            begun.write(bytes, from, bytes.length - from);
            if (begun.size() > LONGEST) {
                throw new MalformedAnswerException("line", begun.size() + " bytes", "at most " + LONGEST);
            }
        }
        return lines;
    }

    /** Returns what was begun, and forgets it. */
    String rest() {
        String text = begun.toString(StandardCharsets.UTF_8);
        begun.reset();
        return text;
    }
}
