package funcatron.service.spring_boot.servlet;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates in headers (RFC 9110 section 5.6.7). */
final class HttpDate {
    private static final DateTimeFormatter WRITTEN =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
                    .withZone(ZoneOffset.UTC);

    private HttpDate() {}

    static String write(long epochMs) {
        return WRITTEN.format(Instant.ofEpochMilli(epochMs));
    }

    /** Milliseconds since 1970. */
    static long read(String text) {
        try {
            return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant()
                    .toEpochMilli();
        } catch (DateTimeException cause) {
            throw new IllegalArgumentException("\"" + text + "\" is no date of HTTP", cause);
        }
    }
}
