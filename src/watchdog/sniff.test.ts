import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sniffType } from './sniff.ts';

const cases: [text: string, type: string][] = [
  ['', 'text/plain; charset=utf-8'],
  ['hello', 'text/plain; charset=utf-8'],
  ['{"a":1}', 'text/plain; charset=utf-8'],
  ['  \n<!doctype html>', 'text/html; charset=utf-8'],
  ['<html lang=en>', 'text/html; charset=utf-8'],
  ['<htmlx>', 'text/plain; charset=utf-8'],
  ['<!-- so', 'text/html; charset=utf-8'],
  ['<?xml version="1.0"?>', 'text/xml; charset=utf-8'],
  ['%PDF-1.4', 'application/pdf'],
  ['\x89PNG\r\n\x1a\nrest', 'image/png'],
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['RIFF1234WEBPVP8 ', 'image/webp'],
  ['\x1f\x8b\x08\0', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['\0\0\0\x10ftypmp42\0\0\0\0', 'video/mp4'],
  ['a\0b', 'application/octet-stream'],
  ['\x1b[31m', 'text/plain; charset=utf-8'],
];

test('bytes are taken for what they begin as', () => {
  for (const [text, type] of cases)
    assert.equal(sniffType(Buffer.from(text, 'latin1')), type, JSON.stringify(text));
});

test('what comes after the first 512 bytes does not count', () => {
  assert.match(sniffType(Buffer.concat([Buffer.alloc(512, 'a'), Buffer.alloc(9)])), /^text\/plain/);
});
