package sample

import funcatron.intf.{Context, FuncException}
import java.time.Instant
import scala.util.Random

/** What is posted: JSON becomes this, and this becomes JSON. */
case class Data(name: String, age: Int)

/** Answers GET with some values; a Func that reads no body takes any type for it. */
class Simple extends JsonFunc[Any] {
  override def get(context: Context): Object = {
    context.getLogger.info(s"In Scala ${util.Properties.versionNumberString}")
    Map(
      "time" -> Instant.now.toString,
      "bools" -> Random.nextBoolean(),
      "numero" -> Random.between(1, 101),
    )
  }
}

/** Shares 100 out. What nobody catches here, such as a division by zero, is a 500. */
class Share extends JsonFunc[Any] {
  override def get(context: Context): Object = Map("each" -> 100 / context.path[Long]("people"))
}

/** Answers POST: `cnt` is a number here, since the contract says that it is one. */
class Change extends JsonFunc[Data] {
  override def post(data: Data, context: Context): Object =
    for years <- 1 to context.path[Long]("cnt").toInt
    yield Data(s"${data.name} $years", data.age + years)
}

/** Answers DELETE; a `FuncException` chooses the status of a refusal. */
class Remove extends JsonFunc[Any] {
  override def delete(context: Context): Object = {
    val age = context.path[Long]("cnt")
    if age > 122 then throw FuncException(404, s"nobody is $age years old")
    Data("Deleted", age.toInt)
  }
}

extension (context: Context)
  /** A path parameter, of the type that the contract gives it. */
  def path[T](name: String): T = context.getPathParams.get(name).asInstanceOf[T]
