package funcatron.worker.train;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Makes the JAR that a training loads. */
final class TrainingJar {
    private static final String CONTEXT = "funcatron/intf/impl/ContextImpl";
    private static final String TRAINEE = "funcatron/worker/train/Trainee";

    private TrainingJar() {}

    static void write(Path path) throws IOException {
        try (OutputStream file = Files.newOutputStream(path);
                JarOutputStream jar = new JarOutputStream(file)) {
            add(jar, CONTEXT, context());
            add(jar, TRAINEE, classFile("Trainee"));
            add(jar, TRAINEE + "$Answer", classFile("Trainee$Answer"));
        }
    }

    private static void add(JarOutputStream jar, String name, byte[] bytes) throws IOException {
        jar.putNextEntry(new ZipEntry(name + ".class"));
        jar.write(bytes);
        jar.closeEntry();
    }

    private static byte[] classFile(String name) throws IOException {
        try (InputStream in = TrainingJar.class.getResourceAsStream(name + ".class")) {
            if (in == null) {
                throw new IOException("the worker's jar has no class " + name);
            }
            return in.readAllBytes();
        }
    }

    /** {@code static Function initContext(Map, ClassLoader, Logger) { return new Trainee(); }}. */
    private static byte[] context() {
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        writer.visit(Opcodes.V17, Opcodes.ACC_PUBLIC, CONTEXT, null, "java/lang/Object", null);
        MethodVisitor method =
                writer.visitMethod(
                        Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
                        "initContext",
                        "(Ljava/util/Map;Ljava/lang/ClassLoader;Ljava/util/logging/Logger;)"
                                + "Ljava/util/function/Function;",
                        null,
                        null);
        method.visitCode();
        method.visitTypeInsn(Opcodes.NEW, TRAINEE);
        method.visitInsn(Opcodes.DUP);
        method.visitMethodInsn(Opcodes.INVOKESPECIAL, TRAINEE, "<init>", "()V", false);
        method.visitInsn(Opcodes.ARETURN);
        method.visitMaxs(0, 0);
        method.visitEnd();
        writer.visitEnd();
        return writer.toByteArray();
    }
}
