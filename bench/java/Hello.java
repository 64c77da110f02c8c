/** The least that Java can do: what starts are compared with. */
public class Hello {
    public static void main(String[] args) {
        System.out.println("hello");
    }
}
