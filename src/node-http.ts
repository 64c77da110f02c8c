/**
 * `node:http` without its ES module facade: that reads every export, and so loads the WebSocket
 * client that nobody here uses, which takes longer than the rest of a start.
 */
const http = process.getBuiltinModule('node:http');

export const { createServer, request, ServerResponse, STATUS_CODES } = http;
