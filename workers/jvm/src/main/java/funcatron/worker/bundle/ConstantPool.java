package funcatron.worker.bundle;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Looks into class files without parsing more than is asked (JVMS 4.1 and 4.4). */
final class ConstantPool {
    /** The owner of static members that have a namesake in {@code Guest}. */
    private record Owner(byte[] name, byte[][] members) {
        Owner(String name, String... members) {
            this(
                    bytes(name),
                    Arrays.stream(members).map(ConstantPool::bytes).toArray(byte[][]::new));
        }
    }

    private static final Owner[] OWNERS = {
        new Owner(
                "java/lang/System",
                "out",
                "err",
                "in",
                "getProperty",
                "exit",
                "getenv",
                "setOut",
                "setErr",
                "setIn",
                "setProperty",
                "clearProperty",
                "getProperties",
                "setProperties"),
        new Owner("java/lang/Boolean", "getBoolean"),
        new Owner("java/lang/Integer", "getInteger"),
        new Owner("java/lang/Long", "getLong"),
    };
    private static final byte[] GUEST = bytes("funcatron/worker/guest/Guest");
    private static final int COUNT = 8;
    private static final int FIRST_CONSTANT = 10;
    private static final int COUNT_MAX = 0xffff;
    private static final int TEXT = 1;
    private static final int CLASS = 7;
    private static final int FIELD = 9;
    private static final int METHOD = 10;

    private ConstantPool() {}

    /** The class file's version, such as 61 for Java 17; 0 if it is no class file. */
    static int majorVersion(byte[] bytes) {
        return bytes.length < FIRST_CONSTANT || number(bytes, 0) != 0xcafe ? 0 : number(bytes, 6);
    }

    /** Whether one of the texts of a class file is this. */
    static boolean names(byte[] bytes, String ascii) {
        byte[] text = bytes(ascii);
        try {
            int count = number(bytes, COUNT);
            int at = FIRST_CONSTANT;
            for (int index = 1; index < count; index++) {
                int tag = bytes[at];
                if (tag == TEXT && isText(text, bytes, at)) {
                    return true;
                }
                index += places(tag) - 1;
                at += size(bytes, at);
            }
        } catch (IndexOutOfBoundsException broken) {
            return false;
        }
        return false;
    }

    /**
     * The class with {@code Guest} in the place of System, Boolean, Integer and Long wherever it
     * uses a member that is there, too. Only constants change: no code does, since both are static.
     * The same bytes if it uses none.
     */
    static byte[] redirect(byte[] bytes) {
        try {
            int[] places = new int[number(bytes, COUNT)];
            int end = locate(bytes, places);
            byte[] changed = null;
            for (int place : places) {
                int tag = place == 0 ? 0 : bytes[place];
                if ((tag == FIELD || tag == METHOD) && isGuests(bytes, places, place)) {
                    changed = changed == null ? withGuest(bytes, places.length, end) : changed;
                    put(changed, place + 1, places.length + 1);
                }
            }
            return changed == null ? bytes : changed;
        } catch (IndexOutOfBoundsException broken) {
            return bytes; // the JVM has the word
        }
    }

    /** Finds where the constants begin; gives where they end. */
    private static int locate(byte[] bytes, int[] places) {
        int at = FIRST_CONSTANT;
        for (int index = 1; index < places.length; index++) {
            places[index] = at;
            int tag = bytes[at];
            at += size(bytes, at);
            index += places(tag) - 1;
        }
        return at;
    }

    private static boolean isGuests(byte[] bytes, int[] places, int place) {
        int owner = places[number(bytes, places[number(bytes, place + 1)] + 1)];
        for (Owner known : OWNERS) {
            if (isText(known.name, bytes, owner)) {
                int name = places[number(bytes, places[number(bytes, place + 3)] + 1)];
                for (byte[] member : known.members) {
                    if (isText(member, bytes, name)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** A copy with two more constants: the name of {@code Guest}, and then the class. */
    private static byte[] withGuest(byte[] bytes, int count, int end) {
        int added = 3 + GUEST.length + 3;
        if (count + 2 > COUNT_MAX) {
            throw new IndexOutOfBoundsException();
        }
        byte[] more = new byte[bytes.length + added];
        System.arraycopy(bytes, 0, more, 0, end);
        System.arraycopy(bytes, end, more, end + added, bytes.length - end);
        put(more, COUNT, count + 2);
        more[end] = TEXT;
        put(more, end + 1, GUEST.length);
        System.arraycopy(GUEST, 0, more, end + 3, GUEST.length);
        more[end + 3 + GUEST.length] = CLASS;
        put(more, end + 4 + GUEST.length, count);
        return more;
    }

    private static int size(byte[] bytes, int at) {
        return switch (bytes[at]) {
            case TEXT -> 3 + number(bytes, at + 1);
            case CLASS, 8, 16, 19, 20 -> 3;
            case 15 -> 4;
            case 5, 6 -> 9;
            case 3, 4, FIELD, METHOD, 11, 12, 17, 18 -> 5;
            default -> throw new IndexOutOfBoundsException();
        };
    }

    /** A long and a double take two. */
    private static int places(int tag) {
        return tag == 5 || tag == 6 ? 2 : 1;
    }

    private static boolean isText(byte[] text, byte[] bytes, int place) {
        if (number(bytes, place + 1) != text.length) {
            return false;
        }
        for (int index = text.length - 1; index >= 0; index--) {
            if (bytes[place + 3 + index] != text[index]) {
                return false;
            }
        }
        return true;
    }

    private static int number(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    private static void put(byte[] bytes, int at, int number) {
        bytes[at] = (byte) (number >> 8);
        bytes[at + 1] = (byte) number;
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }
}
