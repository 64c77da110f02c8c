package funcatron.service.spring_boot.shop;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** An application that needs what nobody gave it. */
@Import(SmallApplication.class)
public class BrokenApplication {
    @Bean
    String needed(@Value("${shop.secret}") String secret) {
        return secret;
    }
}
