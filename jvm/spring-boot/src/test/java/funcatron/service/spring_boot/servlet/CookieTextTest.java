package funcatron.service.spring_boot.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import jakarta.servlet.http.Cookie;
import java.util.List;
import org.junit.jupiter.api.Test;

class CookieTextTest {
    @Test
    void readsWhatCanBeCookies() {
        List<Cookie> cookies = CookieText.read("a=1; b=\"x y\"; nothing; =v; c d=2; e=f=g");
        List<String> read = cookies.stream().map(one -> one.getName() + one.getValue()).toList();
        assertEquals(List.of("a1", "bx y", "ef=g"), read);
    }

    @Test
    void writesAttributes() {
        Cookie cookie = new Cookie("a", "1");
        cookie.setPath("/x");
        cookie.setSecure(true);
        cookie.setHttpOnly(true);
        cookie.setAttribute("Partitioned", "");
        String text = CookieText.write(cookie, "Strict");
        assertEquals("a=1; Path=/x; Secure; HttpOnly; SameSite=Strict; Partitioned", text);
        cookie.setMaxAge(0);
        String gone = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path";
        assertEquals("a=1" + gone, CookieText.write(cookie, null).split("=/x")[0]);
    }

    @Test
    void aValueIsNoSecondAttribute() {
        Cookie cookie = new Cookie("a", "1; Domain=evil");
        assertThrows(IllegalArgumentException.class, () -> CookieText.write(cookie, null));
    }
}
