#!/usr/bin/env node
// `funcatron watchdog` by the name that images and their health checks call: funcatron.js knows it.
import './funcatron.js';
