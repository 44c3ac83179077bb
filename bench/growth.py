#!/usr/bin/env python3
"""Measures how the cost of lists and of search grows with the archive. See README.md.

Python's standard library alone; Linux (it reads /proc).
"""

import argparse
import datetime
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import plot
import run
from run import ROOT, UNLIMITED, Server, Trouble, free_port, graphql

REPORT, PLOT = ROOT / "bench" / "growth.md", ROOT / "bench" / "growth.svg"
PAGE = 20
# The page that is measured deep in a list: this one, or the last where there are fewer.
DEEP = 1_000
REQUESTS = 200
# Nothing is kept in memory but documents: what comes from memory does not grow.
READ = dict(run.LEVELS)["read"]
CARD = re.search(r"^fragment Card on Article \{.*?^\}", (ROOT / "tests/operations/contract.graphql").read_text(), re.MULTILINE | re.DOTALL).group(0)

# What is measured: a list as a template of its page's arguments, and where it stands in the answer.
LISTS = {
    "front page": ("articles(ARGS)", ["list"]),
    "oldest first": ("articles(ARGS, orderBy: PUBLISHED_AT_ASC)", ["list"]),
    "a language": ('articles(ARGS, filter: { locale: "en" })', ["list"]),
    "a tag's page": ('tag(by: { slug: "TAG" }) { articles(ARGS)', ["list", "articles"]),
    "a category's page": ('category(by: { slug: "CATEGORY" }) { articles(ARGS)', ["list", "articles"]),
    "an author's page": ('author(by: { slug: "AUTHOR" }) { articles(ARGS)', ["list", "articles"]),
    "a tag and a category": ('articles(ARGS, filter: { tagSlug: "TAG", categorySlug: "CATEGORY" })', ["list"]),
}


def main():
    arguments = parse()
    columns = []
    for size in arguments.sizes:
        columns.append(measure(arguments, size))
        # A million takes long: what was measured so far is told.
        print(json.dumps(columns[-1]), file=sys.stderr)
    report = table(arguments, columns)
    print(report)
    if arguments.write:
        REPORT.write_text(f"{report}\n\n![What a page costs, by the size of the archive]({PLOT.name})\n")
        PLOT.write_text(plot.lines("CPU of the server a request, in µs, by the number of articles", arguments.sizes, series(columns)))
        print(f"written to {REPORT.relative_to(ROOT)}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/copydesk", help="the server to measure")
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[2_000, 50_000], help="articles, separated by commas [2000,50000]")
    parser.add_argument("--write", action="store_true", help="put the table into bench/growth.md")
    arguments = parser.parse_args()
    arguments.binary = arguments.binary.resolve()
    if not arguments.binary.is_file():
        raise Trouble(f"{arguments.binary} is missing: cargo build --release")
    return arguments


def measure(arguments, size):
    with tempfile.TemporaryDirectory(prefix="copydesk-growth-") as folder:
        began = time.perf_counter()
        subprocess.run([arguments.binary, "generate", "--articles", str(size), "--log-level", "warn"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        column = {"size": size, "generate": time.perf_counter() - began}
        column["bytes"] = sum(file.stat().st_size for file in pathlib.Path(folder).rglob("*") if file.is_file())
        port = free_port()
        serve = [arguments.binary, "serve", "--listen", f"127.0.0.1:{port}", "--log-level", "warn", *UNLIMITED, *READ]
        with Server(serve, pathlib.Path(folder), port) as server:
            server.first_answer(*graphql({"query": "{ __typename }"}))
            names = busiest(server)
            for name, (template, path) in LISTS.items():
                for word, slug in names.items():
                    template = template.replace(word, slug)
                column[f"{name}, first"] = cost(server, document(template, f"first: {PAGE}"))
                deep = place(server, template, path)
                column[f"{name}, deep"] = cost(server, document(template, f'first: {PAGE}, after: "{deep}"'))
            column["archive"] = cost(server, "{ archive { year articleCount months { month articleCount } } }")
            # "See" stands in all of them, and is therefore no prefix; a dossier's name is the beginning of others.
            column["search: 20 match"] = cost(server, search("dossier7 see"))
            column["search: 20 of two words"] = cost(server, search(f"dossier7 {common(server)}"))
            column["search: a common word"] = cost(server, search(common(server)))
            column["search: what begins with three letters"] = cost(server, search(f"dossier7 {common(server)[:3]}"))
        return column


def common(server):
    """A word that very many articles have: the first of the newest one's title that is long enough."""
    answer = ask(server, "{ articles(first: 20) { nodes { sections { body { text } } } } }")
    texts = [" ".join(section["body"]["text"] for section in node["sections"]) for node in answer["articles"]["nodes"]]
    words = [set(re.findall(r"\b[a-z]{3,}\b", text.lower())) for text in texts]
    return max(sorted({word for some in words for word in some}), key=lambda word: sum(word in some for some in words))


def search(words):
    return f"{CARD}\n" + "{ search(query: %s, first: 20) { edges { score snippet { html } node { ...Card } } } }" % json.dumps(words)


def busiest(server):
    """The tag, the category and the author that most articles have."""

    def walk(list_name):
        cursor, found = None, []
        while True:
            after = "" if cursor is None else f', after: "{cursor}"'
            page = ask(server, "{ %s(first: 100%s) { nodes { slug articleCount } pageInfo { hasNextPage endCursor } } }" % (list_name, after))[list_name]
            found += page["nodes"]
            cursor = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return max(found, key=lambda node: node["articleCount"])["slug"]

    categories = ask(server, "{ categories { slug articleCount children { slug articleCount } } }")["categories"]
    category = max(categories, key=lambda node: node["articleCount"])["slug"]
    return {"TAG": walk("tags"), "AUTHOR": walk("authors"), "CATEGORY": category}


def document(template, arguments):
    closing = "}" * (template.count("{") - template.count("}"))
    fields = " { nodes { ...Card } pageInfo { hasNextPage endCursor } } "
    return f"{CARD}\n{{ list: {template.replace('ARGS', arguments)}{fields}{closing} }}"


def place(server, template, path):
    """The cursor before the deep page."""
    closing = "}" * (template.count("{") - template.count("}"))
    cursor, passed, pages = None, 0, []
    while passed < (DEEP - 1) * PAGE:
        after = "" if cursor is None else f', after: "{cursor}"'
        found = ask(server, f"{{ list: {template.replace('ARGS', f'first: {PAGE * 5}{after}')} {{ edges {{ cursor }} pageInfo {{ hasNextPage }} }} {closing} }}")
        for step in path:
            found = found[step]
        pages.append([edge["cursor"] for edge in found["edges"]])
        cursor = pages[-1][-1]
        passed += len(pages[-1])
        if not found["pageInfo"]["hasNextPage"]:
            break
    cursors = [cursor for page in pages for cursor in page]
    return cursors[min((DEEP - 1) * PAGE, max(len(cursors) - PAGE, 1)) - 1]


def ask(server, query):
    answer = json.loads(server.ask(*graphql({"query": query})))
    if "errors" in answer:
        raise Trouble(f"{query}: {answer['errors']}")
    return answer["data"]


def cost(server, query, requests=REQUESTS):
    """The median wait, and the server's CPU a request: milliseconds, microseconds."""
    ask(server, query)
    cpu, waits = server.cpu(), []
    for _ in range(requests):
        began = time.perf_counter()
        server.ask(*graphql({"query": query}))
        waits.append(time.perf_counter() - began)
    return statistics.median(waits) * 1e3, (server.cpu() - cpu) / requests * 1e6


def series(columns):
    measured = [name for name in columns[0] if name not in ("size", "generate", "bytes")]
    return [(name, [column[name][1] for column in columns]) for name in measured]


def table(arguments, columns):
    least = columns[0]
    sizes = [f"{column['size']:,}" for column in columns]
    ratios = [f"{column['size'] // least['size']}× the articles cost" for column in columns[1:]]
    lines = [
        f"{run.run([str(arguments.binary), '--version']).strip()}, {datetime.date.today()}, {run.processor()}; SQLite; one request after the other; p50 of the wait, and the server's CPU a request.",
        "",
        "| | " + " | ".join([*sizes, *ratios]) + " |",
        "|---|" + "---:|" * (len(sizes) + len(ratios)),
        "| made in | " + " | ".join([f"{column['generate']:.0f} s, {column['bytes'] / 1e6:,.0f} MB" for column in columns] + [""] * len(ratios)) + " |",
    ]
    for name, _ in series(columns):
        cells = [f"{column[name][0]:.1f} ms, {column[name][1]:,.0f} µs" for column in columns]
        grown = [f"{column[name][1] / least[name][1]:.2f}" for column in columns[1:]]
        lines.append(f"| {name} | " + " | ".join([*cells, *grown]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    run.to_the_end(main)
