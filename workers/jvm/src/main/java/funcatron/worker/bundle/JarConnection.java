package funcatron.worker.bundle;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** An entry of a JAR that is open already; the JDK's own would keep a file of its own open. */
final class JarConnection extends JarURLConnection {
    private final JarFile jar;
    private final File file;
    private JarEntry entry;

    JarConnection(URL url, JarFile jar, File file) throws IOException {
        super(url);
        this.jar = jar;
        this.file = file;
    }

    @Override
    public void connect() throws IOException {
        String name = getEntryName();
        if (connected || name == null) {
            return;
        }
        entry = jar.getJarEntry(name);
        if (entry == null) {
            throw new FileNotFoundException(name + " is not in " + jar.getName());
        }
        connected = true;
    }

    /** Who wants no cache is about to close what it is given. */
    @Override
    public JarFile getJarFile() throws IOException {
        return getUseCaches()
                ? jar
                : new JarFile(file, false, JarFile.OPEN_READ, Runtime.version());
    }

    @Override
    public JarEntry getJarEntry() throws IOException {
        connect();
        return entry;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        connect();
        if (entry == null) {
            throw new IOException("no entry is named by " + url);
        }
        return jar.getInputStream(entry);
    }

    @Override
    public long getContentLengthLong() {
        try {
            connect();
            return entry == null ? -1 : entry.getSize();
        } catch (IOException absent) {
            return -1;
        }
    }

    @Override
    public int getContentLength() {
        long length = getContentLengthLong();
        return length > Integer.MAX_VALUE ? -1 : (int) length;
    }

    @Override
    public long getLastModified() {
        return file.lastModified();
    }
}
