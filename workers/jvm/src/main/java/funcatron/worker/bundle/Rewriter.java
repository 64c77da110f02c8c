package funcatron.worker.bundle;

import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Has a bundle's classes call the static methods of {@code Guest}, and the interface it brings
 * those of {@code MetaAnswer}, where they call others. What is static there as well takes other
 * constants only; other code is needed for methods of Runtime and of MetaResponse, which are rare.
 */
final class Rewriter extends ClassVisitor {
    private static final String RUNTIME = "java/lang/Runtime";
    private static final Set<String> RUNTIMES =
            Set.of("exit", "halt", "addShutdownHook", "removeShutdownHook");
    private static final String META = "funcatron/intf/MetaResponse";

    /** What bundles of old forgot of it. */
    private static final Set<String> METAS = Set.of("getBody", "getHeaders");

    private Rewriter(ClassVisitor next) {
        super(Opcodes.ASM9, next);
    }

    /** The class as it may be loaded; the same bytes if there is nothing to change. */
    static byte[] rewrite(String className, byte[] bytes) {
        byte[] redirected = ConstantPool.redirect(bytes);
        boolean mayCall =
                className.equals(Bundle.CONTEXT) && ConstantPool.names(bytes, META)
                        || ConstantPool.names(bytes, RUNTIME)
                                && RUNTIMES.stream().anyMatch(it -> ConstantPool.names(bytes, it));
        return mayCall ? rewriteCalls(redirected) : redirected;
    }

    private static byte[] rewriteCalls(byte[] bytes) {
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

    /** The static method in the place of another, which takes what that was called on; or null. */
    private static Handle standIn(String owner, String name, String descriptor) {
        if (owner.equals(RUNTIME) && RUNTIMES.contains(name)) {
            return standIn("Guest", name, "(Ljava/lang/Runtime;", descriptor);
        }
        if (owner.equals(META) && METAS.contains(name)) {
            return standIn("MetaAnswer", name, "(Ljava/lang/Object;", descriptor);
        }
        return null;
    }

    private static Handle standIn(String owner, String name, String first, String descriptor) {
        return new Handle(
                Opcodes.H_INVOKESTATIC,
                "funcatron/worker/guest/" + owner,
                name,
                first + descriptor.substring(1),
                false);
    }

    private static final class Calls extends MethodVisitor {
        Calls(MethodVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public void visitMethodInsn(
                int opcode, String owner, String name, String descriptor, boolean isInterface) {
            Handle other = standIn(owner, name, descriptor);
            if (other == null) {
                super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
            } else {
                super.visitMethodInsn(
                        Opcodes.INVOKESTATIC, other.getOwner(), name, other.getDesc(), false);
            }
        }

        @Override
        public void visitInvokeDynamicInsn(
                String name, String descriptor, Handle bootstrap, Object... arguments) {
            for (int index = 0; index < arguments.length; index++) {
                if (arguments[index] instanceof Handle handle) {
                    Handle other =
                            standIn(handle.getOwner(), handle.getName(), handle.getDesc());
                    arguments[index] = other == null ? handle : other;
                }
            }
            super.visitInvokeDynamicInsn(name, descriptor, bootstrap, arguments);
        }
    }
}
