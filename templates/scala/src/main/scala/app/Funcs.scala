package app

import funcatron.intf.{Context, Func}
import java.util.Map as JavaMap

/** Greets somebody as often as asked. */
class Hello extends Func[Any] {
  override def get(context: Context): Object = {
    val name = context.getPathParams.get("name")
    val times = context.getQueryParams.get("times").asInstanceOf[Long]
    context.getLogger.info(s"greeting $name")
    JavaMap.of("greeting", Seq.fill(times.toInt)(s"Hello, $name!").mkString(" "))
  }
}

/** Adds numbers up: the body is what the type argument of Func says. */
class Sum extends Func[Array[Double]] {
  override def post(numbers: Array[Double], context: Context): Object =
    JavaMap.of("sum", numbers.sum)
}
