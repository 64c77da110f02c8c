"""A program that serves HTTP, with what Python brings along: reads the body, answers JSON."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self):
        said = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
        body = json.dumps({'said': said}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(('127.0.0.1', int(os.environ.get('PORT', 0))), Handler)
print(server.server_port, flush=True)
server.serve_forever()
