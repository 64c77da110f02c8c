#!/usr/bin/env python3
import json
import sys

calls = 0
for line in iter(sys.stdin.buffer.readline, b''):
    length, method, uri, head = line.decode().split(' ', 3)
    name = sys.stdin.buffer.read(int(length)).decode() or 'nobody'
    calls += 1
    agent = json.loads(head)['headers'].get('User-Agent', ['an unknown one'])[0]
    answer = f'Hello, {name}! Call {calls} of this python, by {method} {uri}.\n'.encode()
    headers = json.dumps({'X-Greeted': agent})
    sys.stdout.buffer.write(f'{len(answer)} 200 {headers}\n'.encode() + answer)
    sys.stdout.buffer.flush()
