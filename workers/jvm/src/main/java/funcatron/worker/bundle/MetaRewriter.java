package funcatron.worker.bundle;

import java.nio.charset.StandardCharsets;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Has a bundle's interface of old ask {@code MetaAnswer} what it asks a {@code MetaResponse}. */
final class MetaRewriter extends ClassVisitor {
    private static final String META = "funcatron/intf/MetaResponse";
    private static final String ANSWER = "funcatron/worker/guest/MetaAnswer";
    private static final String FIRST = "(Ljava/lang/Object;)";

    private MetaRewriter(ClassVisitor next) {
        super(Opcodes.ASM9, next);
    }

    /** The class as it may be loaded; the same bytes where it knows no {@code MetaResponse}. */
    static byte[] rewrite(byte[] bytes) {
        if (!new String(bytes, StandardCharsets.ISO_8859_1).contains(META)) {
            return bytes;
        }
        try {
            ClassReader reader = new ClassReader(bytes);
            ClassWriter writer = new ClassWriter(reader, 0);
            reader.accept(new MetaRewriter(writer), 0);
            return writer.toByteArray();
        } catch (IllegalArgumentException | IndexOutOfBoundsException unknown) {
            return bytes; // of a version to come, or broken: the JVM has the word
        }
    }

    @Override
    public MethodVisitor visitMethod(
            int access, String name, String descriptor, String signature, String[] exceptions) {
        return new Calls(super.visitMethod(access, name, descriptor, signature, exceptions));
    }

    private static final class Calls extends MethodVisitor {
        Calls(MethodVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public void visitMethodInsn(
                int opcode, String owner, String name, String descriptor, boolean isInterface) {
            boolean isMine =
                    opcode == Opcodes.INVOKEINTERFACE
                            && owner.equals(META)
                            && (name.equals("getBody") || name.equals("getHeaders"));
            if (isMine) {
                String answers = FIRST + descriptor.substring("()".length());
                super.visitMethodInsn(Opcodes.INVOKESTATIC, ANSWER, name, answers, false);
            } else {
                super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
            }
        }
    }
}
