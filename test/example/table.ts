/** Every folder of examples/: how it is tried out, and which programs that takes. */
import { cat } from './cat.ts';
import { gradle } from './gradle.ts';
import { hello } from './hello.ts';
import { javaDatabase } from './java-database.ts';
import { clojure, groovy, java, kotlin, scala } from './jvm.ts';
import { ledger } from './ledger.ts';
import { orders } from './orders.ts';
import { petstore } from './petstore.ts';
import type { ExamplePlace } from './place.ts';
import { sentiment } from './sentiment.ts';
import { springBoot } from './spring-boot.ts';
import { staging } from './staging.ts';
import { warm } from './warm.ts';
import { weather } from './weather.ts';
import { webpack } from './webpack.ts';
import { wordcount } from './wordcount.ts';

export interface Example {
  tryOut(place: ExamplePlace): Promise<void>;
  needs?: readonly string[];
}

const maven = ['javac', 'mvn'];

/** Those that a build tool of the JVM builds: they take their time, so they have a file of their own. */
export const jvmExamples: Record<string, Example> = {
  clojure: { tryOut: clojure, needs: [...maven, 'lein'] },
  gradle: { tryOut: gradle, needs: ['javac', 'gradle'] },
  groovy: { tryOut: groovy, needs: maven },
  java: { tryOut: java, needs: maven },
  'java-database': { tryOut: javaDatabase, needs: maven },
  kotlin: { tryOut: kotlin, needs: maven },
  scala: { tryOut: scala, needs: maven },
  'spring-boot': { tryOut: springBoot, needs: maven },
};

export const otherExamples: Record<string, Example> = {
  cat: { tryOut: cat },
  hello: { tryOut: hello },
  ledger: { tryOut: ledger, needs: ['python3'] },
  orders: { tryOut: orders },
  petstore: { tryOut: petstore },
  sentiment: { tryOut: sentiment, needs: ['python3'] },
  staging: { tryOut: staging },
  warm: { tryOut: warm, needs: ['bash', 'perl', 'python3'] },
  weather: { tryOut: weather },
  webpack: { tryOut: webpack },
  wordcount: { tryOut: wordcount },
};
