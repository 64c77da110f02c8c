package sample

import com.fasterxml.jackson.databind.json.JsonMapper
import com.fasterxml.jackson.module.scala.DefaultScalaModule
import funcatron.intf.Func
import java.io.InputStream
import java.util.function.Function
import scala.reflect.ClassTag

/** A Func that reads and writes Scala's own classes: its JSON reader is in the bundle. */
trait JsonFunc[T](using tag: ClassTag[T]) extends Func[T] {
  override def jsonDecoder: Function[InputStream, T] =
    in => Json.mapper.readValue(in, tag.runtimeClass.asInstanceOf[Class[T]])

  override def jsonEncoder: Function[Object, Array[Byte]] = Json.mapper.writeValueAsBytes(_)
}

object Json {
  val mapper: JsonMapper = JsonMapper.builder().addModule(DefaultScalaModule).build()
}
