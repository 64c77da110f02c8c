package funcatron.service.spring_boot.authors;

import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;

/** An application whose entities are in a database, by JPA. */
@SpringBootApplication(exclude = SecurityAutoConfiguration.class)
public class AuthorApplication {}
