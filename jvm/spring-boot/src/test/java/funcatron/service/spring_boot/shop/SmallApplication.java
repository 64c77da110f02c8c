package funcatron.service.spring_boot.shop;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.context.annotation.Import;
import io.swagger.v3.oas.annotations.OpenAPIDefinition;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An application with one path and nothing else. */
@OpenAPIDefinition(security = @SecurityRequirement(name = "basic"))
@SpringBootConfiguration
@EnableAutoConfiguration(
        exclude = {DataSourceAutoConfiguration.class, SecurityAutoConfiguration.class})
@Import(SmallApplication.Hello.class)
public class SmallApplication {
    @RestController
    static class Hello {
        @GetMapping("/")
        String hello() {
            return "hello";
        }
    }
}
