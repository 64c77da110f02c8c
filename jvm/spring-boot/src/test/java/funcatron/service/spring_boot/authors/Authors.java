package funcatron.service.spring_boot.authors;

import java.util.List;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** Made by Spring Data. */
interface Authors extends JpaRepository<Author, Long> {
    List<Author> findByNameStartingWithOrderByName(String start);

    @Query("select b from Book b where b.title = :title")
    Book bookOf(String title);
}
