package app;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Size;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The annotations are the contract. */
@RestController
public class FuncController {
    private static final Logger LOG = LoggerFactory.getLogger(FuncController.class);

    public record Greeting(String greeting) {}

    public record Sum(double sum) {}

    @GetMapping("/hello/{name}")
    Greeting hello(
            @PathVariable String name,
            @RequestParam(defaultValue = "1") @Min(1) @Max(9) int times) {
        LOG.info("greeting {}", name);
        String greeting = "Hello, " + name + "!";
        return new Greeting(String.join(" ", Collections.nCopies(times, greeting)));
    }

    @PostMapping("/sum")
    Sum sum(@RequestBody @Size(max = 1000) List<Double> numbers) {
        return new Sum(numbers.stream().mapToDouble(Double::doubleValue).sum());
    }
}
