package funcatron.worker.bundle;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipFile;

/** Where the classes of a bundle are: its file, or what is nested in it, as of Spring Boot. */
final class ClassPath {
    private static final String[] NESTS = {"BOOT-INF/", "WEB-INF/"};

    /** In the order they are looked through. */
    final List<JarSource> sources = new ArrayList<>();

    private final JarFile jar;

    /** @param dir holds the nested JARs, under the names they have in the file */
    ClassPath(File file, File dir) throws IOException {
        jar = new JarFile(file, false, ZipFile.OPEN_READ, Runtime.version());
        String nest = nestOf(jar);
        sources.add(new JarSource(file, nest.isEmpty() ? "" : nest + "classes/", jar));
        if (nest.isEmpty()) {
            return;
        }
        for (String library : libraries(nest, dir)) {
            File nested = new File(dir, library);
            if (nested.isFile()) {
                sources.add(new JarSource(nested, ""));
            }
        }
    }

    /** The commit it was built of, as builds leave it, or a question mark. */
    String gitSha() {
        String line = firstLine(sources.get(0).entry("gitsha.txt"));
        if (line == null) {
            line = firstLine(jar.getJarEntry("gitsha.txt"));
        }
        if (line == null) {
            line = sources.get(0).attribute("GitHeadRev");
        }
        if (line == null) {
            line = sources.get(0).attribute("GitDescribe");
        }
        return line == null || line.isBlank() ? "?" : line.trim();
    }

    void close() {
        for (JarSource source : sources) {
            source.close();
        }
    }

    private static String nestOf(JarFile jar) {
        for (String nest : NESTS) {
            if (jar.getEntry(nest + "classes/") != null || jar.getEntry(nest + "lib/") != null) {
                return nest;
            }
        }
        return "";
    }

    /** In the order the build wrote down, if it did. */
    private Set<String> libraries(String nest, File dir) throws IOException {
        Set<String> libraries = new LinkedHashSet<>();
        JarEntry index = jar.getJarEntry(nest + "classpath.idx");
        if (index != null) {
            for (String line : lines(index)) {
                int from = line.indexOf('"');
                int to = line.lastIndexOf('"');
                if (from >= 0 && to > from) {
                    libraries.add(line.substring(from + 1, to));
                }
            }
        }
        String[] names = new File(dir, nest + "lib").list();
        if (names != null) {
            Arrays.sort(names);
            for (String name : names) {
                if (name.endsWith(".jar")) {
                    libraries.add(nest + "lib/" + name);
                }
            }
        }
        return libraries;
    }

    private String firstLine(JarEntry entry) {
        try {
            List<String> lines = entry == null ? List.of() : lines(entry);
            return lines.isEmpty() ? null : lines.get(0);
        } catch (IOException broken) {
            return null;
        }
    }

    private List<String> lines(JarEntry entry) throws IOException {
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(jar.getInputStream(entry), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
            }
        }
        return lines;
    }
}
