package funcatron.service.spring_boot.shop;

import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** An application that would open a port of its own choice. */
@Import(SmallApplication.class)
public class TomcatApplication {
    @Bean
    TomcatServletWebServerFactory server() {
        return new TomcatServletWebServerFactory(1);
    }
}
