package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineSplitterTest {

    private final LineSplitter splitter = new LineSplitter();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 1000})
    void makesTheSameLinesHoweverTheyAreCut(int most) throws MalformedAnswerException {
        String text = "first\n\nzweite grüße \ud83d\ude00\n\nlast";
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Random random = new Random(most);
        List<String> lines = new ArrayList<>();
        for (int from = 0; from < bytes.length; ) {
            int length = Math.min(1 + random.nextInt(most), bytes.length - from);
            int half = random.nextInt(length + 1);
            lines.addAll(splitter.add(List.of(
                    ByteBuffer.wrap(bytes, from, half).asReadOnlyBuffer(),
                    ByteBuffer.wrap(bytes, from + half, length - half))));
            from += length;
        }
        assertThat(lines).containsExactly("first", "", "zweite grüße \ud83d\ude00", "");
        assertThat(splitter.rest()).isEqualTo("last");
        assertThat(splitter.rest()).isEmpty();
    }

    @Test
    void refusesALineWithoutEnd() throws MalformedAnswerException {
        ByteBuffer part = ByteBuffer.allocate(LineSplitter.LONGEST / 4);
        for (int i = 0; i < 4; i++) {
            assertThat(splitter.add(List.of(part.duplicate()))).isEmpty();
        }
        assertThatExceptionOfType(MalformedAnswerException.class)
                .isThrownBy(() -> splitter.add(List.of(ByteBuffer.wrap(new byte[] {'x'}))));
    }
}
