package funcatron.service.spring_boot.servlet;

import java.io.IOException;
import java.io.InputStream;

/** The body of an answer as it comes. */
final class Delivery extends InputStream {
    private final Driver driver;

    Delivery(Driver driver) {
        this.driver = driver;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        return driver.read(bytes, offset, length);
    }

    @Override
    public void close() {
        driver.abandon();
    }
}
