import { arch, cpus, platform } from 'node:os';

console.log(platform(), arch(), cpus());
