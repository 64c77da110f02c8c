#!/usr/bin/env python3
# Says again what it is told: once, or, with an argument, call after call.
import sys

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
if len(sys.argv) == 1:
    stdout.write(stdin.read())
    sys.exit()
for line in iter(stdin.readline, b''):
    body = stdin.read(int(line.split(b' ', 1)[0]))
    stdout.write(b'%d\n%s' % (len(body), body))
    stdout.flush()
