name := "scala"
organization := "sample"
version := "1.0.0"
scalaVersion := "3.8.4"

// funcatron:intf is put there by funcatron; everything else comes from Maven Central.
resolvers += Resolver.mavenLocal
libraryDependencies ++= Seq(
  "funcatron" % "intf" % "0.4.0",
  "com.fasterxml.jackson.module" %% "jackson-module-scala" % "2.22.1",
)

javacOptions ++= Seq("--release", "17")
scalacOptions ++= Seq("-release", "17", "-deprecation", "-Wunused:all")

// The bundle: one JAR with everything it needs.
assembly / assemblyJarName := s"${name.value}-assembly.jar"
assembly / assemblyMergeStrategy := {
  case path if path.endsWith("module-info.class") => MergeStrategy.discard
  case path => (assembly / assemblyMergeStrategy).value(path)
}
