package library;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** The desk is for the librarian, all else for everybody. */
@Configuration
class Security {
    @Bean
    SecurityFilterChain filters(HttpSecurity http) throws Exception {
        return http.csrf(csrf -> csrf.disable())
                .sessionManagement(
                        session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .authorizeHttpRequests(
                        calls ->
                                calls.requestMatchers("/desk/**")
                                        .hasRole("LIBRARIAN")
                                        .anyRequest()
                                        .permitAll())
                .httpBasic(basic -> {})
                .build();
    }

    /** The password comes with the props; without one nobody is the librarian. */
    @Bean
    UserDetailsService users(@Value("${library.password:}") String password) {
        InMemoryUserDetailsManager users = new InMemoryUserDetailsManager();
        if (!password.isEmpty())
            users.createUser(
                    User.withUsername("librarian")
                            .password("{noop}" + password)
                            .roles("LIBRARIAN")
                            .build());
        return users;
    }
}
