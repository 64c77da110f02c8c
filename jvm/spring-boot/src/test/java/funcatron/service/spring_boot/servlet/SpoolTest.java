package funcatron.service.spring_boot.servlet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpoolTest {
    @Test
    void bytesComeOutInTheOrderInWhichTheyWentIn() throws IOException {
        Random random = new Random(7);
        ByteArrayOutputStream wrote = new ByteArrayOutputStream();
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        Spool spool = new Spool();
        byte[] buffer = new byte[300_000];
        for (int i = 0; i < 200; i++) {
            random.nextBytes(buffer);
            int length = random.nextInt(buffer.length);
            spool.write(buffer, 0, length);
            wrote.write(buffer, 0, length);
            int count = i % 50 > 40 ? 0 : spool.read(buffer, 0, random.nextInt(buffer.length));
            read.write(buffer, 0, count);
        }
        assertFalse(spool.isInMemory());
        assertEquals(wrote.size() - read.size(), spool.size());
        for (int count = 1; count > 0; read.write(buffer, 0, count))
            count = spool.read(buffer, 0, buffer.length);
        assertArrayEquals(wrote.toByteArray(), read.toByteArray());
        assertTrue(spool.isInMemory());
        spool.write(new byte[] {1, 2}, 0, 2);
        assertArrayEquals(new byte[] {1, 2}, spool.readAll());
        spool.close();
    }
}
