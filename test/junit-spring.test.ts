import { testModules } from './fixture/junit.ts';

testModules(
  'spring-boot',
  '-am',
  '-Dtest=funcatron.service.spring_boot.**',
  '-Dsurefire.failIfNoSpecifiedTests=false',
);
