package funcatron.worker.bundle;

import funcatron.worker.guest.GuestHost;
import funcatron.worker.guest.GuestLoader;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.Attributes.Name;
import java.util.jar.JarEntry;

/** The class loader of a bundle: the platform's classes, then its own, nothing of the worker's. */
public final class BundleLoader extends ClassLoader implements GuestLoader {
    private static final String GUESTS = "funcatron.worker.guest.";

    /** The class that each bundle has for itself. */
    private static final String GUEST = GUESTS + "Guest";

    static {
        registerAsParallelCapable();
    }

    private final ClassPath path;
    private volatile GuestHost host;
    private volatile boolean usesDrivers;

    BundleLoader(ClassPath path, GuestHost host) {
        super(getPlatformClassLoader());
        this.path = path;
        this.host = host;
    }

    /** The host of the bundle whose loader this is, or a descendant of it; else {@code null}. */
    public static GuestHost hostOf(ClassLoader loader) {
        for (ClassLoader at = loader; at != null; at = at.getParent()) {
            if (at instanceof BundleLoader bundles) {
                return bundles.host;
            }
        }
        return null;
    }

    /** Whether the bundle may have registered JDBC drivers. */
    public boolean usesDrivers() {
        return usesDrivers;
    }

    @Override
    public GuestHost host() {
        return host;
    }

    /** Defines a class of the worker as if it were the bundle's. */
    public Class<?> adopt(String name) throws ClassNotFoundException {
        String file = "/".concat(name.replace('.', '/')).concat(".class");
        try (InputStream in = BundleLoader.class.getResourceAsStream(file)) {
            byte[] bytes = in.readAllBytes();
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException unreadable) {
            throw new ClassNotFoundException(name, unreadable);
        }
    }

    /** Lets go of the files and of the host. */
    void close() {
        host = null;
        path.close();
    }

    /** The bytes of a class of the bundle, or {@code null}. */
    byte[] classBytes(String name) throws IOException {
        String file = name.replace('.', '/').concat(".class");
        for (JarSource source : path.sources) {
            JarEntry entry = source.entry(file);
            if (entry != null) {
                return source.read(entry);
            }
        }
        return null;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded == null) {
                loaded = find(name);
            }
            if (resolve) {
                resolveClass(loaded);
            }
            return loaded;
        }
    }

    /** The platform is asked for what is in its packages only: its no is an exception, and slow. */
    private Class<?> find(String name) throws ClassNotFoundException {
        if (PlatformPackages.have(name)) {
            if (name.startsWith("java.sql.Driver")) {
                usesDrivers = true;
            }
            try {
                return getParent().loadClass(name);
            } catch (ClassNotFoundException absent) {
                return findClass(name);
            }
        }
        if (name.equals(GUEST)) {
            return adopt(name);
        }
        if (name.startsWith(GUESTS)) {
            return BundleLoader.class.getClassLoader().loadClass(name);
        }
        return findClass(name);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        String file = name.replace('.', '/').concat(".class");
        try {
            for (JarSource source : path.sources) {
                JarEntry entry = source.entry(file);
                if (entry != null) {
                    return define(name, source, source.read(entry));
                }
            }
        } catch (IOException | IllegalStateException closed) {
            throw new ClassNotFoundException(name + ": " + closed.getMessage(), closed);
        }
        throw new ClassNotFoundException(name);
    }

    private Class<?> define(String name, JarSource source, byte[] bytes) {
        int end = name.lastIndexOf('.');
        if (end > 0 && getDefinedPackage(name.substring(0, end)) == null) {
            definePackage(name.substring(0, end), source);
        }
        byte[] rewritten = Rewriter.rewrite(name, bytes);
        return defineClass(name, rewritten, 0, rewritten.length, source.domain(this));
    }

    private void definePackage(String name, JarSource source) {
        try {
            definePackage(
                    name,
                    source.attribute(Name.SPECIFICATION_TITLE.toString()),
                    source.attribute(Name.SPECIFICATION_VERSION.toString()),
                    source.attribute(Name.SPECIFICATION_VENDOR.toString()),
                    source.attribute(Name.IMPLEMENTATION_TITLE.toString()),
                    source.attribute(Name.IMPLEMENTATION_VERSION.toString()),
                    source.attribute(Name.IMPLEMENTATION_VENDOR.toString()),
                    null);
        } catch (IllegalArgumentException defined) {
            // By another thread, in this moment.
        }
    }

    @Override
    protected URL findResource(String name) {
        for (JarSource source : path.sources) {
            JarEntry entry = source.entry(name);
            if (entry != null) {
                return source.url(entry);
            }
        }
        return null;
    }

    @Override
    protected Enumeration<URL> findResources(String name) {
        List<URL> urls = new ArrayList<>();
        for (JarSource source : path.sources) {
            JarEntry entry = source.entry(name);
            if (entry != null) {
                urls.add(source.url(entry));
            }
        }
        return Collections.enumeration(urls);
    }
}
