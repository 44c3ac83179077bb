#!/usr/bin/env python3
"""Loads the servers of the four queries in turn, round after round, and tells each one's rate as a share of its neighbour's: what slows
the machine down for a while slows all of them. See README.md.
"""

import argparse
import contextlib
import datetime
import pathlib
import re
import statistics
import sys
import tempfile
import time

import queries
import run
from postgres import Postgres
from queries import ARTICLE, DEEP, FRONT, LESS, QUESTIONS, PEER, Tree
from run import LEVELS, ROOT, Trouble, free_port

REPORT = ROOT / "bench" / "turn.md"
SIZE = 2_000
# Who is loaded, in this order; "plain" answers each question with the answers of "kept", one after the other.
PLAIN, KEPT, TOLD, READ, SQLITE = "plain handler", "kept", "of told parts", "read on PostgreSQL", "read on SQLite"
# What is kept in a server whose memory is measured: 256 MB.
CACHES = {"--answer-cache": "86MB", "--fragment-cache": "85MB", "--article-cache": "85MB"}
# Whose rate is told as a share of whose.
SHARES = [(KEPT, PLAIN), (TOLD, PLAIN), (READ, PEER), (SQLITE, READ)]


def main():
    arguments = parse()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="copydesk-turn-")))
        subjects = begin(arguments, stack, folder)
        measured = {(name, question): [] for name in subjects for question in QUESTIONS}
        for number in range(1, arguments.rounds + 1):
            for question in QUESTIONS:
                for name, subject in subjects.items():
                    measured[name, question].append(subject.load(arguments, question))
            print(f"measured: {number} of {arguments.rounds} rounds", file=sys.stderr)
        idle, full, kept = memory(arguments, subjects[KEPT], folder / "sqlite")
    report = told(arguments, measured, idle, full, kept)
    run.tell(arguments, report, REPORT)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, choices=range(1, 101), metavar="1…100", help="how often each is loaded [5]")
    parser.add_argument("--write", action="store_true", help="put the tables into bench/turn.md")
    queries.add_arguments(parser, seconds=2)
    return queries.check(parser.parse_args(), engines=["sqlite", "postgres"])


# ---- who is loaded ---------------------------------------------------------------------------------------------------


class Subject:
    """A server, or one for each question, and what it is asked."""

    def __init__(self, servers, asked, slugs, data, folder):
        self.servers, self.asked, self.slugs, self.data, self.folder = servers, asked, slugs, data, folder
        self.answers = {question: queries.ask_all(servers[question], asked[question], slugs) for question in QUESTIONS}

    def load(self, arguments, question):
        _, path, body = self.asked[question]
        answers, script = self.answers[question], queries.script_of(body, self.folder)
        return queries.load(arguments, self.data, script, self.servers[question], path, queries.mean_size(answers))


def begin(arguments, stack, folder):
    on_postgres = queries.OnPostgres(stack.enter_context(Postgres()), SIZE)
    on_sqlite = queries.OnSqlite(folder / "sqlite")
    subjects = {}

    def place(name):
        (folder / name).mkdir()
        return folder / name

    def serve(name, data, level, questions, there):
        port = free_port()
        command = queries.serve(arguments, data, dict(LEVELS)[level], there, port)
        add(name, stack.enter_context(Tree(command, there, port)), data, questions)

    def add(name, server, data, questions):
        asked, slugs = questions(queries.largest_tag(data)), queries.some_slugs(data, place(name))
        server.first_answer(*asked[queries.FRONT])
        subjects[name] = Subject(dict.fromkeys(QUESTIONS, server), asked, slugs, data, folder / name)

    for data, there in ((on_sqlite, place("sqlite")), (on_postgres, place("postgres"))):
        queries.generate(arguments, data, SIZE, there)
        data.settle()
    serve(KEPT, on_sqlite, "kept", queries.questions_of_contract, folder / "sqlite")
    serve(TOLD, on_sqlite, "of told parts", queries.questions_of_contract, folder / "sqlite")
    alike = lambda tag: queries.questions("copydesk", tag)
    serve(READ, on_postgres, "read", alike, folder / "postgres")
    server = stack.enter_context(Tree(queries.peer(arguments, on_postgres), folder, None))
    add(PEER, server, on_postgres, lambda tag: queries.questions("postgraphile", tag))
    serve(SQLITE, on_sqlite, "read", alike, folder / "sqlite")
    return {PLAIN: plain(arguments, stack, subjects[KEPT], place(PLAIN))} | subjects


def plain(arguments, stack, kept, folder):
    queries.some_slugs(kept.data, folder)
    servers = {question: stack.enter_context(queries.plain(arguments, kept.answers[question], folder)) for question in QUESTIONS}
    return Subject(servers, kept.asked, kept.slugs, kept.data, folder)


# ---- memory ----------------------------------------------------------------------------------------------------------


def memory(arguments, subject, there):
    """Of a server that is asked nothing but whether it is ready, for a while, and of the same one once its caches are full; and what
    they hold. In MB."""
    port = free_port()
    caches = [word for setting in CACHES.items() for word in setting]
    with Tree(queries.serve(arguments, subject.data, caches, there, port), there, port) as server:
        server.first_answer(*subject.asked[FRONT])
        for _ in range(30):
            time.sleep(0.5)
            server.ask("GET", "/health/ready", None)
        idle = server.memory()
        method, path, body = subject.asked[ARTICLE]
        # The same under another name is another document: nothing that is kept answers it.
        for number in range(8):
            queries.ask_all(server, (method, path, body.replace("query ArticlePage", f"query ArticlePage{number}")), subject.slugs)
        numbers = re.findall(r"^copydesk_\w+_kept_bytes (\d+)$", server.ask("GET", "/metrics", None).decode(), re.MULTILINE)
        kept = sum(map(int, numbers)) / 1e6
        if not 250 < kept < 257:
            raise Trouble(f"the caches of 256 MB hold {kept:.0f} MB: fill them")
        return idle, server.memory(), kept


# ---- what is told ----------------------------------------------------------------------------------------------------


def told(arguments, measured, idle, full, kept):
    of = lambda name, question, what: [row[what] for row in measured[name, question]]
    middle = statistics.median
    spread = lambda numbers: f"**{middle(numbers):.2f}** ({min(numbers):.2f}–{max(numbers):.2f})"
    ratios = lambda above, below: spread([one / other for one, other in zip(above, below)])
    lines = [
        f"{queries.versions(arguments, with_peer=True)}; {datetime.date.today()}, {run.processor()}; {SIZE:,} articles, {arguments.connections} connections, {arguments.threads} threads of wrk; {arguments.rounds} rounds, {arguments.seconds} s each.",
        "",
        f"| rate, as a share | {' | '.join(QUESTIONS)} |",
        f"|---|{'---:|' * len(QUESTIONS)}",
    ]
    for name, other in SHARES:
        shares = [ratios(of(name, question, "rate"), of(other, question, "rate")) for question in QUESTIONS]
        lines.append(f"| {name}, of {other} | {' | '.join(shares)} |")
    dear = ratios(of(TOLD, DEEP, "cpu"), of(KEPT, DEEP, "cpu"))
    lines += [
        "",
        f"The deep list of told parts costs {dear} of the processor time of its kept answer.",
        "",
        f"Resident memory on SQLite: **{idle:.0f} MB** where it is asked nothing but whether it is ready; **{full:.0f} MB** with caches of 256 MB that hold {kept:.0f} MB.",
        "",
        f"| requests/s; CPU a request, PostgreSQL's with it | {' | '.join(QUESTIONS)} |",
        f"|---|{'---:|' * len(QUESTIONS)}",
    ]
    for name in dict.fromkeys(name for name, _ in measured):
        cpu = {question: middle([row["cpu"] + row["database"] for row in measured[name, question]]) for question in QUESTIONS}
        cells = [f"{middle(of(name, question, 'rate')):,.0f}; {cpu[question]:,.0f} µs" for question in QUESTIONS]
        asks_less = LESS if name in (READ, PEER, SQLITE) else ""
        lines.append(f"| {name}{asks_less} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    run.to_the_end(main)
