import { testModules } from './fixture/junit.ts';

testModules('intf,devshim,jdbc-middleware,clojure-service');
