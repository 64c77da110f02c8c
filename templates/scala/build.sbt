name := "{{name}}"
organization := "app"
version := "0.1.0"
scalaVersion := "3.8.4"

// funcatron:intf is put there by funcatron; everything else comes from Maven Central.
resolvers += Resolver.mavenLocal
libraryDependencies ++= Seq(
  "funcatron" % "intf" % "0.4.0",
  "org.scalameta" %% "munit" % "1.3.0" % Test,
)

scalacOptions ++= Seq("-release", "17", "-deprecation", "-Wunused:all")

// The bundle: one JAR with everything it needs.
assembly / assemblyJarName := s"${name.value}-assembly.jar"
