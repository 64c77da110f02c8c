"""Starts a Python worker: connects to the runner, says hello, then loads what calls need.

Started as `python3 -I -S main.py` with the socket's path in FUNCATRON_SOCKET. Hello goes out before
the larger imports, so that the runner prepares the assignment while they load. This one file keeps
to syntax that any Python 3 reads, so that an old one can be told what it lacks.
"""

import sys

OLDEST = (3, 9)

if sys.version_info < OLDEST:
    sys.exit("funcatron needs Python 3.9 or newer, and this is %s" % sys.version.split()[0])


def main():
    import os

    # `socket` and `signal` are slow to import; these are the parts of them that are C.
    from _signal import SIGINT, signal
    from _socket import AF_UNIX, SOCK_STREAM, socket

    path = os.environ.pop("FUNCATRON_SOCKET", None)
    if path is None:
        sys.exit("FUNCATRON_SOCKET is not set: a runner starts this program, people do not")
    signal(SIGINT, lambda number, frame: None)  # Ctrl-C is the runner's, which drains its workers
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.connect(path)

    # Isolated mode leaves this folder out of the path; the bundle's own folder takes its place.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from funcatron_worker import wire

    version = "%d.%d.%d" % sys.version_info[:3]
    connection.sendall(wire.hello(version, os.getpid()))

    from funcatron_worker.worker import Worker

    del sys.path[0]
    Worker(connection).run()


if __name__ == "__main__":
    main()
