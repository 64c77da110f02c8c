package funcatron.worker.bundle;

import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Turns a bundle's calls that would be about the whole process into calls of {@code Guest}. */
final class Rewriter extends ClassVisitor {
    private static final String GUEST = "funcatron/worker/guest/Guest";
    private static final String SYSTEM = "java/lang/System";
    private static final String RUNTIME = "java/lang/Runtime";
    private static final String RUNTIME_FIRST = "(Ljava/lang/Runtime;";

    private Rewriter(ClassVisitor next) {
        super(Opcodes.ASM9, next);
    }

    /** The class as it may be loaded; the same bytes if there is nothing to change. */
    static byte[] rewrite(byte[] bytes) {
        if (!ConstantPool.namesProcess(bytes)) {
            return bytes;
        }
        try {
            ClassReader reader = new ClassReader(bytes);
            ClassWriter writer = new ClassWriter(reader, 0);
            reader.accept(new Rewriter(writer), 0);
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

    private static boolean isStatic(String owner, String name, String descriptor) {
        return owner.equals(SYSTEM)
                && (name.equals("exit") && descriptor.equals("(I)V") || name.equals("getenv"));
    }

    private static boolean isVirtual(String owner, String name) {
        return owner.equals(RUNTIME)
                && (name.equals("exit")
                        || name.equals("halt")
                        || name.equals("addShutdownHook")
                        || name.equals("removeShutdownHook"));
    }

    private static final class Calls extends MethodVisitor {
        Calls(MethodVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public void visitMethodInsn(
                int opcode, String owner, String name, String descriptor, boolean isInterface) {
            if (opcode == Opcodes.INVOKESTATIC && isStatic(owner, name, descriptor)) {
                super.visitMethodInsn(opcode, GUEST, name, descriptor, false);
            } else if (opcode == Opcodes.INVOKEVIRTUAL && isVirtual(owner, name)) {
                String guests = RUNTIME_FIRST + descriptor.substring(1);
                super.visitMethodInsn(Opcodes.INVOKESTATIC, GUEST, name, guests, false);
            } else {
                super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
            }
        }

        @Override
        public void visitInvokeDynamicInsn(
                String name, String descriptor, Handle bootstrap, Object... arguments) {
            for (int index = 0; index < arguments.length; index++) {
                if (arguments[index] instanceof Handle handle) {
                    arguments[index] = guests(handle);
                }
            }
            super.visitInvokeDynamicInsn(name, descriptor, bootstrap, arguments);
        }

        private static Handle guests(Handle handle) {
            String owner = handle.getOwner();
            String name = handle.getName();
            String descriptor = handle.getDesc();
            if (handle.getTag() == Opcodes.H_INVOKESTATIC && isStatic(owner, name, descriptor)) {
                return new Handle(Opcodes.H_INVOKESTATIC, GUEST, name, descriptor, false);
            }
            if (handle.getTag() == Opcodes.H_INVOKEVIRTUAL && isVirtual(owner, name)) {
                String guests = RUNTIME_FIRST + descriptor.substring(1);
                return new Handle(Opcodes.H_INVOKESTATIC, GUEST, name, guests, false);
            }
            return handle;
        }
    }
}
