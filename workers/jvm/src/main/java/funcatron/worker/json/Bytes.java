package funcatron.worker.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes that grow, to which JSON is written. */
public final class Bytes {
    private static final int KEPT_MAX = 64 * 1024;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] array = new byte[512];
    private int length;

    /** The bytes; only the first {@link #length()} mean anything. */
    public byte[] array() {
        return array;
    }

    /** How many there are. */
    public int length() {
        return length;
    }

    /** Forgets all there is, to be used again. */
    public Bytes clear() {
        if (array.length > KEPT_MAX) {
            array = new byte[512];
        }
        length = 0;
        return this;
    }

    /** Adds text of ASCII as it is. */
    @SuppressWarnings("deprecation") // the one way of copying ASCII without another array
    public Bytes raw(String ascii) {
        int count = ascii.length();
        reserve(count);
        ascii.getBytes(0, count, array, length);
        length += count;
        return this;
    }

    /** Adds a number. */
    public Bytes number(long value) {
        return raw(Long.toString(value));
    }

    /** Adds text as a JSON string, quotes included; {@code null} becomes {@code null}. */
    public Bytes string(String text) {
        if (text == null) {
            return raw("null");
        }
        int count = text.length();
        reserve(count * 6 + 2);
        array[length++] = '"';
        for (int index = 0; index < count; index++) {
            char unit = text.charAt(index);
            if (unit >= 0x20 && unit < 0x7f && unit != '"' && unit != '\\') {
                array[length++] = (byte) unit;
            } else if (unit < 0x80) {
                escape(unit);
            } else {
                index = wide(text, index, unit);
            }
        }
        array[length++] = '"';
        return this;
    }

    private void escape(char unit) {
        array[length++] = '\\';
        switch (unit) {
            case '"', '\\' -> array[length++] = (byte) unit;
            case '\n' -> array[length++] = 'n';
            case '\r' -> array[length++] = 'r';
            case '\t' -> array[length++] = 't';
            default -> unicode(unit);
        }
    }

    private void unicode(char unit) {
        array[length++] = 'u';
        for (int shift = 12; shift >= 0; shift -= 4) {
            array[length++] = HEX[(unit >> shift) & 0xf];
        }
    }

    /** Adds a character outside of ASCII in UTF-8; half a surrogate pair as an escape. */
    private int wide(String text, int index, char unit) {
        if (unit < 0x800) {
            array[length++] = (byte) (0xc0 | unit >> 6);
            array[length++] = (byte) (0x80 | unit & 0x3f);
            return index;
        }
        if (!Character.isSurrogate(unit)) {
            array[length++] = (byte) (0xe0 | unit >> 12);
            array[length++] = (byte) (0x80 | unit >> 6 & 0x3f);
            array[length++] = (byte) (0x80 | unit & 0x3f);
            return index;
        }
        int point = text.codePointAt(index);
        if (point == unit) {
            array[length++] = '\\';
            unicode(unit);
            return index;
        }
        array[length++] = (byte) (0xf0 | point >> 18);
        array[length++] = (byte) (0x80 | point >> 12 & 0x3f);
        array[length++] = (byte) (0x80 | point >> 6 & 0x3f);
        array[length++] = (byte) (0x80 | point & 0x3f);
        return index + 1;
    }

    private void reserve(int more) {
        if (length + more > array.length) {
            array = Arrays.copyOf(array, Math.max(array.length * 2, length + more));
        }
    }
}
