package io.github.grpclb.discovery;

/** Makes text that others wrote fit for a log line or a message: one line, printable, and not long. */
@Internal
public final class LogText {

    private static final int MAX_LENGTH = 256;

    private LogText() {}

    /** Returns the text with everything that is not printable escaped, cut after 256 characters. */
    public static String of(String text) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), MAX_LENGTH) + 16);
        for (int i = 0; i < text.length(); i++) {
            if (i == MAX_LENGTH) {
                return out.append("… (")
                        .append(text.length())
                        .append(" characters)")
                        .toString();
            }
            append(out, text.charAt(i));
        }
        return out.toString();
    }

    private static void append(StringBuilder out, char c) {
        int type = Character.getType(c);
        boolean printable = !Character.isISOControl(c)
                && type != Character.FORMAT
                && type != Character.LINE_SEPARATOR
                && type != Character.PARAGRAPH_SEPARATOR
                && type != Character.UNASSIGNED;
        if (printable) {
            out.append(c);
        } else {
            out.append(String.format("\\u%04x", (int) c));
        }
    }
}
