package funcatron.service.spring_boot.servlet;

import jakarta.servlet.MultipartConfigElement;

/** How large the parts of a form may be, and all of them together. */
final class PartLimits {
    private final MultipartConfigElement config;
    private long total;

    PartLimits(MultipartConfigElement config) {
        this.config = config;
    }

    String location() {
        return config.getLocation();
    }

    int memoryMax() {
        return config.getFileSizeThreshold();
    }

    /** Counts bytes of a part that has {@code size} bytes with them. */
    void count(String name, long size, long more) {
        total += more;
        check(size, config.getMaxFileSize(), "the part " + name);
        check(total, config.getMaxRequestSize(), "the request");
    }

    /** Spring knows a form that is too large by these words. */
    private static void check(long size, long max, String what) {
        if (max >= 0 && size > max)
            throw new IllegalStateException(
                    what + " exceeds its maximum size of " + max + " bytes");
    }
}
