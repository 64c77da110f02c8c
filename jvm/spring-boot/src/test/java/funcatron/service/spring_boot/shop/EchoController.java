package funcatron.service.spring_boot.shop;

import funcatron.service.spring_boot.SpringBootWrapper;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.MediaType;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** Says what it was asked. */
@RestController
public class EchoController {
    private final String greeting;

    EchoController(@Value("${shop.greeting}") String greeting) {
        this.greeting = greeting;
    }

    @GetMapping("/greeting")
    Map<String, Object> greet(@RequestParam List<String> name, HttpServletRequest request) {
        return Map.of(
                "text", greeting + ", " + String.join(" and ", name),
                "uri", request.getRequestURI(),
                "url", request.getRequestURL().toString(),
                "contextPath", request.getContextPath(),
                "method", request.getMethod(),
                "local", SpringBootWrapper.getLocalContext().getURI());
    }

    @GetMapping("/words/{word}")
    String word(@PathVariable String word) {
        return word;
    }

    @PostMapping(path = "/form", consumes = MediaType.APPLICATION_FORM_URLENCODED_VALUE)
    String form(@RequestParam String a, @RequestParam int b) {
        return a + "/" + b;
    }

    @PutMapping(path = "/form", consumes = MediaType.APPLICATION_FORM_URLENCODED_VALUE)
    String putForm(@RequestParam List<String> a) {
        return a.toString();
    }

    @PostMapping(path = "/upload", consumes = MediaType.MULTIPART_FORM_DATA_VALUE)
    Map<String, Object> upload(
            @RequestPart MultipartFile file,
            @RequestPart ItemController.Item item,
            @RequestParam String note)
            throws IOException {
        return Map.of(
                "name", String.valueOf(file.getOriginalFilename()),
                "type", String.valueOf(file.getContentType()),
                "size", file.getBytes().length,
                "item", item,
                "note", note);
    }

    @PostMapping(path = "/bytes", consumes = MediaType.APPLICATION_OCTET_STREAM_VALUE)
    byte[] bytes(@RequestBody byte[] body) {
        return body;
    }

    @GetMapping("/visits")
    int visits(HttpSession session) {
        Integer before = (Integer) session.getAttribute("visits");
        session.setAttribute("visits", before == null ? 1 : before + 1);
        return before == null ? 1 : before + 1;
    }

    @GetMapping("/cookie")
    String cookie(@CookieValue(required = false) String taste, HttpServletResponse response) {
        Cookie cookie = new Cookie("taste", "sweet");
        cookie.setMaxAge(60);
        cookie.setAttribute("SameSite", "Lax");
        response.addCookie(cookie);
        return "was " + taste;
    }

    @GetMapping("/private/me")
    String me(Principal user) {
        return user.getName();
    }

    @GetMapping("/private/admin")
    @PreAuthorize("hasRole('ADMIN')")
    public String admin() {
        return "at your service";
    }

    @GetMapping("/broken")
    String broken() {
        throw new IllegalStateException("it is broken");
    }

    @GetMapping("/forward")
    void forward(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        request.getRequestDispatcher("/greeting?name=forwarded").forward(request, response);
    }

    @GetMapping("/elsewhere")
    void elsewhere(HttpServletResponse response) throws IOException {
        response.sendRedirect("/shop/greeting?name=redirected");
    }

    @GetMapping("/text")
    void text(HttpServletResponse response) throws IOException {
        response.setContentType("text/plain;charset=UTF-8");
        response.getWriter().print("grüezi");
    }

    @GetMapping("/late-error")
    void lateError(HttpServletResponse response) throws IOException {
        response.getOutputStream().write(new byte[100_000]);
        throw new IllegalStateException("too late");
    }
}
