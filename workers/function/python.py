"""Serves the handler of an OpenFaaS function for Python, in the frames of the mode `warm`.

function/handler.py has `handle(req)`, which gets the body as text and returns what is answered; or,
when this is started with the argument `http`, `handle(event, context)`, which returns a dictionary
of statusCode, headers and body.
"""
import json
import os
import sys
import traceback
from types import SimpleNamespace
from urllib.parse import parse_qsl, unquote, urlsplit

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, 'packages')]

# What the handler prints is no answer.
answers = os.fdopen(os.dup(1), 'wb')
os.dup2(2, 1)

from function.handler import handle  # noqa: E402


def to_bytes(value):
    if value is None:
        return b'', None
    if isinstance(value, (bytes, bytearray)):
        return bytes(value), None
    if isinstance(value, str):
        return value.encode(), None
    return json.dumps(value).encode(), 'application/json'


def call_text(body, _event):
    answer, kind = to_bytes(handle(body.decode('utf-8', 'replace')))
    return 200, {'Content-Type': kind or 'text/plain; charset=utf-8'}, answer


def call_event(_body, event):
    result = handle(event, SimpleNamespace(hostname=os.environ.get('OPENFAAS_NAME', '')))
    if not isinstance(result, dict) or not {'statusCode', 'body', 'headers'} & result.keys():
        result = {'body': result}
    answer, kind = to_bytes(result.get('body'))
    headers = {'Content-Type': kind or 'text/html; charset=utf-8'}
    headers.update(result.get('headers') or {})
    return int(result.get('statusCode', 200)), headers, answer


call = call_event if sys.argv[1:] == ['http'] else call_text
for line in iter(sys.stdin.buffer.readline, b''):
    length, method, uri, head = line.decode().split(' ', 3)
    body = sys.stdin.buffer.read(int(length))
    address = urlsplit(uri)
    headers = {name: ', '.join(values) for name, values in json.loads(head)['headers'].items()}
    event = SimpleNamespace(
        body=body, headers=headers, method=method, path=unquote(address.path),
        query=dict(parse_qsl(address.query, keep_blank_values=True)))
    try:
        status, headers, answer = call(body, event)
    except Exception as error:  # the function's own failure is its caller's 500
        traceback.print_exc()
        status, headers, answer = 500, {'Content-Type': 'text/plain'}, str(error).encode()
    shown = json.dumps({name: str(value) for name, value in headers.items()})
    answers.write(f'{len(answer)} {status} {shown}\n'.encode() + answer)
    answers.flush()
