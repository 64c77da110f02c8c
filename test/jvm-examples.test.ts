/** The folders of examples/ that a build tool of the JVM builds. */
import { tryExamples } from './example/suite.ts';
import { jvmExamples } from './example/table.ts';

tryExamples('examples of the JVM', jvmExamples);
