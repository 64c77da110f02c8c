package app;

import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.WebMvcTest;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.MockMvc;

@WebMvcTest
class FuncControllerTest {
    @Autowired private MockMvc mvc;

    @Test
    void helloGreetsAsOftenAsAsked() throws Exception {
        mvc.perform(get("/hello/Ada").param("times", "2"))
                .andExpect(content().json("{\"greeting\": \"Hello, Ada! Hello, Ada!\"}"));
        mvc.perform(get("/hello/Ada").param("times", "10")).andExpect(status().isBadRequest());
    }

    @Test
    void sumAddsUp() throws Exception {
        mvc.perform(post("/sum").contentType(MediaType.APPLICATION_JSON).content("[1, 2, 3.5]"))
                .andExpect(content().json("{\"sum\": 6.5}"));
    }
}
