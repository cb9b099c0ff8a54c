#!/usr/bin/env python3
"""Asks a gateway what people ask it, again and again, and tells how long the answers took.

    benches/questions.py ADDRESS CA TOKEN_FILE SECONDS

One connection a question, each kind in turn, twenty a second in all: a bounded load. Ends after SECONDS or at SIGINT.
Prints a line for each kind of question: how many, median, 99th percentile and worst, in milliseconds.
"""

import http.client
import signal
import ssl
import sys
import time
import urllib.parse

PAUSE = 0.05


class Ended(Exception):
    """SIGINT."""


def ended(*_):
    raise Ended


class Client:
    def __init__(self, address, authority, token):
        self.host = urllib.parse.urlparse(address)
        self.tls = ssl.create_default_context(cafile=authority)
        self.token = token
        self.cookie = None
        self.connection = None

    def ask(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                self.host.hostname, self.host.port, context=self.tls, timeout=120
            )
        headers = dict(headers or {})
        if self.cookie and path == "/":
            headers.update({"Cookie": self.cookie, "Accept": "text/html"})
        else:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.getheader("Set-Cookie"), answer.read()
        except (http.client.HTTPException, OSError):
            self.connection = None
            return 0, None, b""

    def sign_in(self):
        form = urllib.parse.urlencode({"kode": self.token})
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.host.geturl()}
        _, cookie, _ = self.ask("POST", "/masuk", form, kind)
        self.cookie = (cookie or "").split(";")[0]


def main():
    address, authority, token_file, seconds = sys.argv[1:]
    with open(token_file, encoding="ascii") as file:
        client = Client(address, authority, file.read().strip())
    client.sign_in()
    signal.signal(signal.SIGINT, ended)
    known = "P0000000001"
    kinds = {
        "health": lambda: client.ask("GET", "/healthz"),
        "cases": lambda: client.ask("GET", "/v1/cases?limit=20"),
        "person": lambda: client.ask("GET", f"/v1/persons/{known}"),
        "report": lambda: client.ask("GET", "/v1/reports/complementarity"),
        "overview": lambda: client.ask("GET", "/v1/overview"),
        "page": lambda: client.ask("GET", "/"),
    }
    times = {kind: [] for kind in kinds}
    failed = 0
    until = time.monotonic() + float(seconds)
    try:
        while time.monotonic() < until:
            for kind, question in kinds.items():
                began = time.monotonic()
                status, _, _ = question()
                times[kind].append((time.monotonic() - began) * 1000)
                failed += status not in (200, 404)
                time.sleep(PAUSE)
    except Ended:
        pass
    for kind, taken in times.items():
        taken.sort()
        if taken:
            at = lambda share: taken[min(len(taken) - 1, int(len(taken) * share))]
            print(f"{kind:9} {len(taken):6} answers  median {at(0.5):7.1f}  p99 {at(0.99):7.1f}  worst {taken[-1]:7.1f} ms")
    print(f"not answered: {failed}")


if __name__ == "__main__":
    main()
