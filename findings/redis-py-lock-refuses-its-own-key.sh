#!/usr/bin/env bash
# redis 8.1.0 (PyPI, redis-py): `Lock.acquire(blocking=False)` says False when it is the lock's holder.
#
# False is documented to mean that the lock was not acquired. The server sets the key and the connection ends before the
# answer. The client's default retries send `SET .. NX` again, with the same random owner, and the answer is now nil. So
# the caller goes away, `owned()` says False, and the key keeps everybody out until its time is over: without `timeout`
# (the default) for ever. A worker that refreshes a token under such a lock skips it although nobody else does it.
# With `Retry(NoBackoff(), 0)` the same loss raises `ConnectionError`, which a caller can tell from a refusal.
# The server in the script knows these few commands only, so that the answer is lost exactly once.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check redis==8.1.0 || exit 75

"$work/venv/bin/python" - <<'PY'
import socketserver, sys, threading
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

keys, sets = {}, []

class Server(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.readline():
            words = []
            for _ in range(int(head[1:])):
                length = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(length + 2)[:-2])
            answer = b"+OK\r\n"
            if words[0] == b"SET":
                sets.append(words)
                if words[1] in keys:
                    answer = b"$-1\r\n"
                keys.setdefault(words[1], words[2])
                if len(sets) == 1:
                    return
            elif words[0] == b"GET":
                answer = b"$%d\r\n%s\r\n" % (len(keys[words[1]]), keys[words[1]])
            self.wfile.write(answer)

class Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True

server = Listener(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

def acquire(**options):
    keys.clear()
    sets.clear()
    lock = redis.Redis(port=server.server_address[1], protocol=2, **options).lock("refresh", timeout=30)
    try:
        return lock.acquire(blocking=False), lock.owned(), len(sets), len({words[2] for words in sets}), len(keys)
    except redis.ConnectionError:
        return "ConnectionError"

by_default = acquire()
without_retries = acquire(retry=Retry(NoBackoff(), 0))
acquired, owned, sent, owners, held = by_default
print(f"default: acquire {acquired}, owned {owned}; SET sent {sent} times by {owners} owner, keys held: {held}")
print(f"without retries: {without_retries}")
sys.exit(0 if by_default == (False, False, 2, 1, 1) and without_retries == "ConnectionError" else 1)
PY
