package library;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What the contract says beside what the annotations say. */
@Configuration
class LibraryContract {
    @Bean
    OpenAPI document() {
        OpenAPI document = new OpenAPI().info(new Info().title("Library").version("1.0.0"));
        document.addExtension("x-funcatron", Map.of("timeout", "10s", "concurrency", 20));
        return document;
    }
}
