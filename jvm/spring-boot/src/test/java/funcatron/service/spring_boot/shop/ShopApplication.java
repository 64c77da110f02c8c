package funcatron.service.spring_boot.shop;

import io.swagger.v3.oas.models.OpenAPI;
import java.util.Map;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** An application as there are many. */
@SpringBootApplication
@EnableMethodSecurity
@ComponentScan(
        excludeFilters =
                @ComponentScan.Filter(
                        type = FilterType.REGEX,
                        pattern = ".*\\.(Small|Tomcat|Component|Broken)Application.*"))
public class ShopApplication {
    @Bean
    SecurityFilterChain security(HttpSecurity http) throws Exception {
        return http.csrf(csrf -> csrf.disable())
                .authorizeHttpRequests(
                        calls ->
                                calls.requestMatchers("/private/**")
                                        .authenticated()
                                        .anyRequest()
                                        .permitAll())
                .httpBasic(basic -> {})
                .build();
    }

    @Bean
    UserDetailsService users() {
        return new InMemoryUserDetailsManager(
                User.withUsername("ada").password("{noop}lace").roles("READER").build(),
                User.withUsername("bob").password("{noop}by").roles("ADMIN").build());
    }

    @Bean
    OpenAPI document() {
        OpenAPI document = new OpenAPI();
        document.addExtension("x-funcatron", Map.of("timeout", "5s"));
        return document;
    }
}
