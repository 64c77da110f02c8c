/** Which tool builds a folder of JVM code, and how it is asked for an uberjar. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface BuildTool {
  name: 'Maven' | 'sbt' | 'Gradle' | 'Leiningen';
  /** The file that says the folder is one of this tool's: its path in the folder. */
  file: string;
  program: string;
  args: readonly string[];
  /** What tells it where the local Maven repository is, if it does not find that as Maven does. */
  localRepository?: string;
  /** Where the JARs are that it makes: the second kind only where there is none of the first. */
  jars: readonly (readonly string[])[];
  /** How one gets the program. */
  install: string;
  /** What in `file` makes it build an uberjar. */
  uberjar: string;
}

interface KnownTool extends Omit<BuildTool, 'file'> {
  files: readonly string[];
  /** Scripts of a project that bring the very version it wants. */
  wrapper?: string;
}

/** Has Gradle make an uberjar in whatever way a project has for that, or in ours. */
const gradleScript = fileURLToPath(new URL('../../jvm/uberjar.gradle', import.meta.url));

const tools: readonly KnownTool[] = [
  {
    name: 'Maven',
    files: ['pom.xml'],
    wrapper: 'mvnw',
    program: 'mvn',
    args: ['--quiet', '--batch-mode', '-Dstyle.color=never', '-DskipTests', 'package'],
    jars: [['target/*.jar'], ['*/target/*.jar']],
    install: 'https://maven.apache.org, or apt-get install maven',
    uberjar: 'maven-shade-plugin or maven-assembly-plugin with jar-with-dependencies',
  },
  {
    name: 'sbt',
    files: ['build.sbt'],
    program: 'sbt',
    args: ['-Dsbt.color=false', '-Dsbt.supershell=false', 'assembly'],
    jars: [
      ['target/scala-*/*.jar', 'target/out/jvm/*/*/*.jar'],
      ['*/target/scala-*/*.jar', '*/target/out/jvm/*/*/*.jar'],
    ],
    install: 'https://www.scala-sbt.org; with Maven on the path it is fetched from Maven Central',
    uberjar: 'sbt-assembly in project/plugins.sbt',
  },
  {
    name: 'Gradle',
    files: ['build.gradle.kts', 'build.gradle', 'settings.gradle.kts', 'settings.gradle'],
    wrapper: 'gradlew',
    program: 'gradle',
    args: [
      // A daemon would stay for hours.
      ...['--quiet', '--console=plain', '--no-daemon', '-Dorg.gradle.configuration-cache=false'],
      ...['--init-script', gradleScript, 'funcatronJar'],
    ],
    localRepository: '-Dmaven.repo.local=',
    jars: ['', '*/', '*/*/'].map((below) => [
      `${below}build/libs/*.jar`,
      `${below}build/funcatron/*.jar`,
    ]),
    install: 'https://gradle.org, or give the project its wrapper, ./gradlew',
    uberjar: "the plugin java, and implementation 'funcatron:intf:0.4.0'",
  },
  {
    name: 'Leiningen',
    files: ['project.clj'],
    program: 'lein',
    args: ['uberjar'],
    jars: [['target/*.jar', 'target/*/*.jar']],
    install: 'https://leiningen.org, or apt-get install leiningen',
    uberjar: ':aot for what others call by its class',
  },
];

/** What says that a folder is of JVM code. */
export const buildFiles: readonly string[] = tools.flatMap(({ files }) => files);

/** The tool of a folder, by the file it is told by; undefined for a folder of another kind. */
export function findTool(dir: string): BuildTool | undefined {
  for (const { files, wrapper, ...tool } of tools) {
    const file = files.find((name) => existsSync(join(dir, name)));
    if (file === undefined) continue;
    if (wrapper === undefined || !existsSync(join(dir, wrapper))) return { ...tool, file };
    const script = `./${wrapper}`;
    // One that was checked out by a system without modes still is a script of the shell.
    return mayRun(join(dir, wrapper))
      ? { ...tool, file, program: script }
      : { ...tool, file, program: 'sh', args: [script, ...tool.args] };
  }
  return undefined;
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What such tools write, and what no build reads: patterns as in `.gitignore`. */
export const ignoredByTools: readonly string[] = [
  '.*',
  '!.mvn/',
  '!.jvmopts',
  '!.sbtopts',
  'node_modules/',
  'target/',
  'build/',
  'out/',
  'bin/',
  // Packages may have such names.
  '!src/**/target/',
  '!src/**/build/',
  '!src/**/out/',
  '!src/**/bin/',
  '!*/src/**/build/',
  'project/project/',
  'dependency-reduced-pom.xml',
  '*.log',
  '/props*.json',
  '/overlay*.json',
  '/overlay*.yaml',
  '*.md',
];
