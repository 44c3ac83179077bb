#!/usr/bin/env python3
"""Measures how long it takes until a publication is seen, on the node where it was made and on another. See README.md.

Python's standard library alone; Linux; `wrk` sends the load.
"""

import argparse
import datetime
import http.client
import json
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

import run
from postgres import Postgres
from run import CREATE, PATIENCE, PUBLISH, ROOT, SIGN_IN, UNLIMITED, UPDATE, Server, Trouble, contract, free_port, front_page, graphql, lua, milliseconds, waits

REPORT = ROOT / "bench" / "nodes.md"
NODES = ["the node where it was published", "the other node"]
# Longer than the load may ever last: it is ended when the publications are done.
LONG = 3_600
# A publication that is not seen after so many seconds never will be.
NEVER = 10


def main():
    arguments = parse()
    with tempfile.TemporaryDirectory(prefix="copydesk-nodes-") as folder, Postgres() as postgres:
        report = measure(arguments, postgres, pathlib.Path(folder))
    run.tell(arguments, report, REPORT)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/copydesk", help="the server to measure")
    parser.add_argument("--articles", type=int, default=2_000, metavar="N", help="in the database [2000]")
    parser.add_argument("--publications", type=int, default=1_000, help="for each question that they are looked for by [1000]")
    parser.add_argument("--connections", type=int, default=8, help="of the load on each node [8]")
    parser.add_argument("--pause", type=int, default=5, help="milliseconds that each of them waits before it asks again [5]")
    parser.add_argument("--write", action="store_true", help="put the table into bench/nodes.md")
    arguments = parser.parse_args()
    arguments.binary, arguments.wrk = arguments.binary.resolve(), shutil.which("wrk")
    if arguments.publications < 1 or arguments.articles < 20:
        raise Trouble("give at least one publication, and 20 articles: the front page must be full")
    if arguments.wrk is None:
        raise Trouble("wrk is missing: install the package `wrk` (Debian and Ubuntu: apt-get install wrk)")
    if not arguments.binary.is_file():
        raise Trouble(f"{arguments.binary} is missing: cargo build --release")
    return arguments


# ---- what is measured ------------------------------------------------------------------------------------------------


def measure(arguments, postgres, folder):
    settings = ["--database-url", postgres.address, "--log-level", "warn"]
    # Both nodes stand in one folder: they need the same keys and the same media.
    said = run.run([str(arguments.binary), "generate", "--articles", str(arguments.articles), "--data-dir", str(folder / "copydesk-data"), *settings])
    password = re.search(r"^  Password +(\S+)", said, re.MULTILINE).group(1)
    ports = [free_port(), free_port()]
    public = ["--public-url", f"http://127.0.0.1:{ports[0]}"]
    first, second = (Server([arguments.binary, "serve", "--listen", f"127.0.0.1:{port}", *public, *settings, *UNLIMITED], folder, port) for port in ports)
    with first, second:
        for server in (first, second):
            server.first_answer(*graphql(front_page()))
        with Load(arguments, folder, ports[0]) as on_first, Load(arguments, folder, ports[1]) as on_second:
            # The load runs before anything is measured.
            time.sleep(1)
            measured = publish(arguments, first, second, password)
        loads = [on_first.measured(), on_second.measured()]
    return table(arguments, postgres, measured, loads)


def publish(arguments, first, second, password):
    token = first.do(SIGN_IN, {"email": "editor@demo.example", "password": password})["session"]["accessToken"]
    content = {"title": "A bridge reopens", "excerpt": "After eleven years.", "sections": [{"body": "The first bus crossed at **six**."}]}
    draft = first.do(CREATE, content, token)["draft"]
    article, version = draft["articleId"], first.do(PUBLISH, draft, token)["draft"]["version"]
    slug = json.loads(first.ask(*graphql(front_page())))["data"]["articles"]["nodes"][0]["slug"]
    questions = {
        "front page": graphql(front_page()),
        "article page": graphql({"query": contract("ArticlePage"), "variables": {"slug": slug}}),
    }
    measured = {"publish": [], "old": [0, 0], "seen": {(question, node): [] for question in questions for node in range(len(NODES))}}
    readers = [Reader(server.port) for server in (first, second)]
    for number in range(arguments.publications * len(questions)):
        question = list(questions)[number % len(questions)]
        title = f"A bridge reopens, edition {number}."
        version = first.do(UPDATE, {"articleId": article, "version": version, "title": title}, token)["draft"]["version"]
        # The old answer is asked for once more, so that whatever keeps answers has it; and the connections are open.
        for reader in readers:
            reader.ask(questions[question])
            reader.answer()
        began = time.perf_counter()
        version = first.do(PUBLISH, {"articleId": article, "version": version}, token)["draft"]["version"]
        published = time.perf_counter()
        measured["publish"].append(published - began)
        for node, (wait, old) in enumerate(look(readers, questions[question], title, published)):
            measured["seen"][question, node].append(wait)
            measured["old"][node] += old
    if measured["old"][0]:
        raise Trouble(f"{measured['old'][0]} answers of the node where it was published were old, after its publication had been answered")
    return measured


def look(readers, request, title, published):
    """Asks both nodes at once, and each again until it tells the title: how long that took, and how many answers were old."""
    found, old = [None] * len(readers), [0] * len(readers)
    # As it stands in JSON, to its end: edition 1 is not edition 10.
    sought = json.dumps(title).encode()
    for reader in readers:
        reader.ask(request)
    while None in found:
        waiting = {reader.connection.sock: node for node, reader in enumerate(readers) if found[node] is None}
        for socket in select.select(list(waiting), [], [], NEVER)[0]:
            node = waiting[socket]
            answer, at = readers[node].answer(), time.perf_counter()
            if sought in answer:
                found[node] = at - published
            else:
                old[node] += 1
                readers[node].ask(request)
        if time.perf_counter() - published > NEVER:
            raise Trouble(f"{title!r} was not seen on both nodes within {NEVER} s")
    return list(zip(found, old))


class Reader:
    """A connection that is kept open."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def ask(self, request):
        self.connection.request(*request, {"Content-Type": "application/json"})

    def answer(self):
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise Trouble(f"a reader got {response.status} {answer[:500]!r}")
        return answer


class Load:
    """Readers of the front page, who pause a little; they leave with the block."""

    def __init__(self, arguments, folder, port):
        script = folder / f"load-{port}.lua"
        script.write_text(lua(graphql(front_page())) + f"\nfunction delay()\n  return {arguments.pause}\nend\n")
        address = f"http://127.0.0.1:{port}/graphql"
        self.command = [arguments.wrk, "--latency", "--timeout", "30s", "-t", "1", "-c", str(arguments.connections), "-d", f"{LONG}s", "-s", str(script), address]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        # wrk then says what it has measured.
        self.process.send_signal(signal.SIGINT)
        try:
            self.said, _ = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.said, _ = self.process.communicate()

    def measured(self):
        found = re.search(r"^measured (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)$", self.said, re.MULTILINE)
        if found is None:
            raise Trouble(f"wrk said nothing that can be read:\n{self.said}")
        duration, requests, *errors = (int(number) for number in found.groups()[:7])
        if any(errors):
            raise Trouble(f"the load: connect, read, write, status, timeout errors {errors} in {requests} requests")
        return {"rate": requests * 1e6 / duration, "p50": float(found.group(8)), "p99": float(found.group(9))}


# ---- the report ------------------------------------------------------------------------------------------------------


def table(arguments, postgres, measured, loads):
    lines = [
        f"{run.run([str(arguments.binary), '--version']).strip()}, two nodes; {postgres.version()}; {datetime.date.today()}, {run.processor()}; "
        f"{arguments.articles:,} articles, {len(measured['publish'])} publications; {arguments.connections} connections on each node ask for the front page, "
        f"each {arguments.pause} ms after its last answer.",
        "",
        "| seen, after the publication's answer | p50 | p99 | longest |",
        "|---|---:|---:|---:|",
    ]
    for (question, node), seconds in measured["seen"].items():
        p50, p99 = waits(seconds).split(", ")
        lines.append(f"| {question}, on {NODES[node]} | {p50} | {p99} | {1000 * max(seconds):.1f} ms |")
    lines += [
        "",
        "| | |",
        "|---|---:|",
        f"| old answers after the publication's: on {NODES[0]} | {measured['old'][0]} |",
        f"| on {NODES[1]}, asked again and again | {measured['old'][1]} |",
        f"| publishing: p50, p99 | {waits(measured['publish'])} |",
    ]
    for node, load in zip(NODES, loads):
        lines.append(f"| the load on {node}: requests/s, p50, p99 | {load['rate']:,.0f}, {milliseconds(load['p50'])}, {milliseconds(load['p99'])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    run.to_the_end(main)
