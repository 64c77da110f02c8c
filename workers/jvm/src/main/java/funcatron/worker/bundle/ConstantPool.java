package funcatron.worker.bundle;

import java.nio.charset.StandardCharsets;

/** Looks into class files without parsing more than is asked (JVMS 4.1 and 4.4). */
final class ConstantPool {
    private static final byte[][] CLASSES = ascii("java/lang/System", "java/lang/Runtime");
    private static final byte[][] METHODS =
            ascii("exit", "halt", "getenv", "addShutdownHook", "removeShutdownHook");
    private static final int FIRST_CONSTANT = 10;

    private ConstantPool() {}

    /** The class file's version, such as 61 for Java 17; 0 if it is no class file. */
    static int majorVersion(byte[] bytes) {
        return bytes.length < FIRST_CONSTANT || number(bytes, 0) != 0xcafe ? 0 : number(bytes, 6);
    }

    /** Whether a class may call what is about the whole process. */
    static boolean namesProcess(byte[] bytes) {
        boolean classSeen = false;
        boolean methodSeen = false;
        try {
            int count = number(bytes, 8);
            int at = FIRST_CONSTANT;
            for (int index = 1; index < count; index++) {
                int tag = bytes[at];
                if (tag == 1) {
                    int length = number(bytes, at + 1);
                    classSeen = classSeen || isAny(CLASSES, bytes, at + 3, length);
                    methodSeen = methodSeen || isAny(METHODS, bytes, at + 3, length);
                    if (classSeen && methodSeen) {
                        return true;
                    }
                    at += 3 + length;
                } else {
                    at += size(tag);
                    if (tag == 5 || tag == 6) {
                        index++; // long and double take two places
                    }
                }
            }
        } catch (IndexOutOfBoundsException broken) {
            return false;
        }
        return false;
    }

    private static int size(int tag) {
        return switch (tag) {
            case 7, 8, 16, 19, 20 -> 3;
            case 15 -> 4;
            case 5, 6 -> 9;
            case 3, 4, 9, 10, 11, 12, 17, 18 -> 5;
            default -> throw new IndexOutOfBoundsException();
        };
    }

    private static boolean isAny(byte[][] names, byte[] bytes, int offset, int length) {
        for (byte[] name : names) {
            if (name.length == length && isAt(name, bytes, offset)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAt(byte[] name, byte[] bytes, int offset) {
        for (int index = name.length - 1; index >= 0; index--) {
            if (bytes[offset + index] != name[index]) {
                return false;
            }
        }
        return true;
    }

    private static int number(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    private static byte[][] ascii(String... names) {
        byte[][] all = new byte[names.length][];
        for (int index = 0; index < names.length; index++) {
            all[index] = names[index].getBytes(StandardCharsets.US_ASCII);
        }
        return all;
    }
}
