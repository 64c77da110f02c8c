package funcatron.worker.bundle;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipFile;

/** A JAR, or a folder in one, with classes and resources. */
final class JarSource extends URLStreamHandler {
    final JarFile jar;

    private final File file;
    private final String prefix;
    private final URL location;
    private final String root;
    private ProtectionDomain domain;
    private Attributes attributes;

    /**
     * Signatures are not verified: a JAR that was merged of signed ones has none that fits, and the
     * bundle's own hash is known anyway.
     */
    JarSource(File file, String prefix) throws IOException {
        this(file, prefix, new JarFile(file, false, ZipFile.OPEN_READ, Runtime.version()));
    }

    JarSource(File file, String prefix, JarFile jar) throws MalformedURLException {
        this.file = file;
        this.prefix = prefix;
        this.jar = jar;
        location = file.toURI().toURL();
        root = location + "!/";
    }

    /** The entry of a name, or {@code null}. */
    JarEntry entry(String name) {
        return jar.getJarEntry(prefix.isEmpty() ? name : prefix.concat(name));
    }

    /** What is in an entry. */
    byte[] read(JarEntry entry) throws IOException {
        try (InputStream in = jar.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    /** The URL of an entry, which opens it without another look at the file. */
    URL url(JarEntry entry) {
        try {
            String path = entry.getName().replace("%", "%25").replace("#", "%23");
            path = path.replace(" ", "%20").replace("?", "%3F");
            return new URL("jar", "", -1, root + path, this);
        } catch (MalformedURLException never) {
            throw new IllegalStateException(never);
        }
    }

    /** Where classes of it say they come from. */
    synchronized ProtectionDomain domain(ClassLoader loader) {
        if (domain == null) {
            CodeSource source = new CodeSource(location, (java.security.cert.Certificate[]) null);
            domain = new ProtectionDomain(source, null, loader, null);
        }
        return domain;
    }

    /** A main attribute of its manifest, or {@code null}. */
    synchronized String attribute(String name) {
        if (attributes == null) {
            attributes = new Attributes(0);
            try {
                Manifest manifest = jar.getManifest();
                if (manifest != null) {
                    attributes = manifest.getMainAttributes();
                }
            } catch (IOException broken) {
                // A JAR without a manifest loads just as well.
            }
        }
        return attributes.getValue(name);
    }

    void close() {
        try {
            jar.close();
        } catch (IOException gone) {
            // Nothing more can be done about it.
        }
    }

    @Override
    protected URLConnection openConnection(URL url) throws IOException {
        return new JarConnection(url, jar, file);
    }
}
