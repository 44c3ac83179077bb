#!/usr/bin/env python3
"""Measures the four queries of a site: on each level of what Copydesk keeps, on both databases, beside a plain handler and
PostGraphile, in archives of several sizes. See README.md.

Python's standard library alone; Linux (it reads /proc); `wrk` sends the load, Node runs PostGraphile (`npm ci` in bench/peers).
"""

import argparse
import contextlib
import datetime
import http.client
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import plot
import run
from postgres import Postgres, cpu_of_tree, memory_of_tree
from run import LEVELS, PATIENCE, ROOT, WHOLE_LIST, Server, Trouble, contract, definition, free_port, front_page, graphql, milliseconds

REPORT, PLOT, GROWTH = ROOT / "bench" / "queries.md", ROOT / "bench" / "queries.svg", ROOT / "bench" / "queries-growth.svg"
PEERS = ROOT / "bench" / "peers"
QUESTIONS = ARTICLE, FRONT, TAG, DEEP = "article page", "front page", "tag page", "deep list"
# So many articles are asked for by chance, of all that there are.
SLUGS = 2_000
# Stands in a request where each slug is put.
ANY = "ANY-SLUG"
PUBLIC = "articles, sections, figures, images, authors, article_authors, tags, article_tags, categories, article_categories, related_links, comments"
# The levels that are asked for no more than PostGraphile can tell, too; and how their answers to that are called.
ALIKE, LESS = ["from parts", "read"], " (what both can tell)"
PEER = "PostGraphile"
# The oldest Node that PostGraphile's package says it runs on.
NODE = 22

# Each thread of wrk asks by its own chance, and by the same in each row.
LUA = """
local bodies, requests, threads = {BODIES}, {}, 0

function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end

function init()
  math.randomseed(seed)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if #bodies == 1 then
    requests[1] = wrk.format(nil, nil, nil, bodies[1])
  else
    for slug in io.lines("SLUGS") do
      requests[#requests + 1] = wrk.format(nil, nil, nil, bodies[1] .. slug .. bodies[2])
    end
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  io.write(string.format("\\nmeasured %d %d %d %d %d %d %d %d %f %f\\n", summary.duration, summary.requests, summary.bytes,
    summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.status, summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def main():
    arguments = parse()
    sets = json.loads(arguments.into.read_text()) if arguments.into and arguments.into.is_file() else []
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(Postgres()) if "postgres" in arguments.engines else None
        for size in arguments.sizes:
            for engine in arguments.engines:
                if any(measured["engine"] == engine and measured["size"] == size for measured in sets):
                    continue
                with tempfile.TemporaryDirectory(prefix="copydesk-queries-") as folder:
                    data = OnPostgres(postgres, size) if engine == "postgres" else OnSqlite(pathlib.Path(folder))
                    sets.append({"engine": engine, "size": size} | measure(arguments, data, size, pathlib.Path(folder)))
                    data.end()
                # A million takes long: what was measured so far is kept.
                if arguments.into:
                    arguments.into.write_text(json.dumps(sets))
                print(f"measured: {size:,} articles on {engine}", file=sys.stderr)
    sets.sort(key=lambda measured: (measured["size"], measured["engine"]))
    report = "\n".join([head(arguments, sets), *(table(measured) for measured in sets), growth(sets)])
    run.tell(arguments, report, REPORT)
    if arguments.write:
        PLOT.write_text(plot.bars("Answers a second", bars(sets)))
        GROWTH.write_text(plot.lines("CPU of an answer that is read from the database, in µs, by the number of articles", *lines(sets)))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[2_000, 50_000], help="articles, separated by commas [2000,50000]")
    parser.add_argument("--engines", type=lambda text: text.split(","), default=["sqlite", "postgres"], help="[sqlite,postgres]")
    parser.add_argument("--into", type=pathlib.Path, help="keep what is measured in this file; what it has is not measured again")
    parser.add_argument("--write", action="store_true", help="put the tables into bench/queries.md, and draw them")
    add_arguments(parser, seconds=3)
    arguments = parser.parse_args()
    if min(arguments.sizes) < 100:
        raise Trouble("--sizes: lists must be full, and a tag's too: give 100 or more")
    if not set(arguments.engines) <= {"sqlite", "postgres"}:
        raise Trouble("--engines: sqlite, postgres, or both with a comma between them")
    return check(arguments, arguments.engines)


def add_arguments(parser, seconds):
    """What every bench of the four queries can be told."""
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/copydesk", help="the server to measure")
    parser.add_argument("--plain", type=pathlib.Path, default=ROOT / "target/release/examples/plain", help="what to compare with")
    parser.add_argument("--node", default="node", help=f"the Node that runs PostGraphile, {NODE} or later [node]")
    parser.add_argument("--seconds", type=int, default=seconds, choices=range(1, 61), metavar="1…60", help=f"of load for each row [{seconds}]")
    parser.add_argument("--connections", type=int, default=16, help="of wrk, and of each server to PostgreSQL [16]")
    parser.add_argument("--threads", type=int, default=2, help="wrk's threads [2]")
    parser.add_argument("--workers", type=int, default=2, help="processes of PostGraphile [2]")


def check(arguments, engines):
    """Whether all that is needed is there."""
    arguments.binary, arguments.plain = arguments.binary.resolve(), arguments.plain.resolve()
    arguments.wrk, arguments.node = shutil.which("wrk"), shutil.which(arguments.node)
    if arguments.wrk is None:
        raise Trouble("wrk is missing: install the package `wrk` (Debian and Ubuntu: apt-get install wrk)")
    if not arguments.binary.is_file():
        raise Trouble(f"{arguments.binary} is missing: cargo build --release")
    if not arguments.plain.is_file():
        raise Trouble(f"{arguments.plain} is missing: cargo build --release --example plain")
    if "postgres" in engines:
        if arguments.node is None or node_version(arguments) < NODE:
            raise Trouble(f"Node {NODE} or later is missing: name it by --node, or leave PostgreSQL out with --engines sqlite")
        if not (PEERS / "node_modules" / "postgraphile").is_dir():
            raise Trouble("PostGraphile is missing: npm ci --prefix bench/peers")
    return arguments


def node_version(arguments):
    return int(re.match(r"v(\d+)\.", run.run([arguments.node, "--version"])).group(1))


# ---- the databases ---------------------------------------------------------------------------------------------------


class OnSqlite:
    """A file in this folder."""

    def __init__(self, folder):
        # It stands in the data directory.
        self.settings, self.folder = [], folder

    def texts(self, sql):
        """The first column of what is found."""
        (file,) = (self.folder / "copydesk-data").glob("*.sqlite")
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute(sql)]

    def settle(self):
        """Nothing is left to do after so many rows."""

    def size(self):
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def cpu(self):
        """It has no process of its own."""
        return 0.0

    def end(self):
        """It goes with its folder."""


class OnPostgres:
    """A database of its own in this cluster."""

    def __init__(self, postgres, size):
        self.postgres, self.name = postgres, f"archive_{size}"
        postgres.sql(f"CREATE DATABASE {self.name}")
        self.address = postgres.address_of(self.name)
        self.settings = ["--database-url", self.address]

    def texts(self, sql):
        return self.postgres.sql(sql, self.name).splitlines()

    def settle(self):
        # PostGraphile shows what the role that it connects as may read.
        self.postgres.sql("DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        self.postgres.sql(f"GRANT SELECT ON {PUBLIC} TO reader", self.name)
        self.postgres.sql("VACUUM ANALYZE", self.name, patience=3_600)

    def size(self):
        return int(self.texts("SELECT pg_database_size(current_database())")[0])

    def cpu(self):
        return self.postgres.cpu()

    def end(self):
        self.postgres.sql(f"DROP DATABASE {self.name}")


# ---- what is measured ------------------------------------------------------------------------------------------------


def generate(arguments, data, size, folder):
    command = [arguments.binary, "generate", "--articles", str(size), "--seed", "1", "--log-level", "warn", "--data-dir", folder / "copydesk-data", *data.settings]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def largest_tag(data):
    (tag,) = data.texts("SELECT slug FROM tags ORDER BY article_count DESC, slug LIMIT 1")
    return tag


def some_slugs(data, folder):
    """Of articles spread over all of them, from the oldest to the newest; into a file of this folder too, for wrk."""
    slugs = data.texts("SELECT slug FROM articles ORDER BY published_at, id")
    slugs = [slugs[number * len(slugs) // min(SLUGS, len(slugs))] for number in range(min(SLUGS, len(slugs)))]
    (folder / "slugs").write_text("".join(f"{slug}\n" for slug in slugs))
    return slugs


def serve(arguments, data, cache, folder, port):
    """The command that starts Copydesk with what was generated in this folder."""
    command = [arguments.binary, "serve", "--listen", f"127.0.0.1:{port}", "--log-level", "warn", "--database-connections", arguments.connections]
    return [*command, "--data-dir", folder / "copydesk-data", *data.settings, *cache]


def measure(arguments, data, size, folder):
    began = time.perf_counter()
    generate(arguments, data, size, folder)
    made = time.perf_counter() - began
    data.settle()
    tag, slugs = largest_tag(data), some_slugs(data, folder)

    rows, memory, told = [], [], {}

    def measure_one(name, server, asked):
        server.first_answer(*asked[""][FRONT])
        idle = memory_of_tree(server.process.pid)
        for addition, questions in asked.items():
            answers = {question: ask_all(server, request, slugs) for question, request in questions.items()}
            compare(told, name, answers)
            for question, request in questions.items():
                rows.append({"question": question, "name": name + addition} | load_both(arguments, data, folder, server, request, answers[question]))
        memory.append((name, idle, memory_of_tree(server.process.pid)))

    for level, cache in LEVELS:
        port = free_port()
        with Tree(serve(arguments, data, cache, folder, port), folder, port) as server:
            alike = {LESS: questions("copydesk", tag)} if level in ALIKE else {}
            measure_one(level, server, {"": questions_of_contract(tag)} | alike)
    if isinstance(data, OnPostgres):
        with Tree(peer(arguments, data), folder, None) as server:
            measure_one(PEER, server, {"": questions("postgraphile", tag)})
    return {"made": made, "bytes": data.size(), "rows": rows, "memory": memory}


def peer(arguments, data):
    """The command that starts PostGraphile over this database."""
    each = max(arguments.connections // arguments.workers, 1)
    return ["env", "NODE_ENV=production", "GRAPHILE_ENV=production", arguments.node, PEERS / "server.js", data.address.replace("desk@", "reader@"), arguments.workers, each]


class Tree(Server):
    """A server of one process or several: their processor time is the sum."""

    def cpu(self):
        return cpu_of_tree(self.process.pid)


def ask_all(server, request, slugs):
    """Each answer that the load will ask for, so that what can be kept is kept; a refusal among them ends the bench."""
    method, path, body = request
    connection, answers = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE), []
    for slug in slugs if ANY in body else [""]:
        connection.request(method, path, body.replace(ANY, slug), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200 or "errors" in json.loads(answer):
            raise Trouble(f"{body.replace(ANY, slug)}: {response.status} {answer[:500]!r}")
        answers.append(answer)
    connection.close()
    return answers


def load_both(arguments, data, folder, server, request, answers):
    """Loads the server, then the plain handler with the same requests and the same answers."""
    method, path, body = request
    script, mean = script_of(body, folder), mean_size(answers)
    measured = {"bytes": mean, "server": load(arguments, data, script, server, path, mean)}
    with plain(arguments, answers, folder) as other:
        if other.ask(*request) != answers[0]:
            raise Trouble("the plain handler does not serve the bytes that it was given")
        return measured | {"plain": load(arguments, data, script, other, path, mean)}


def plain(arguments, answers, folder):
    """The plain handler that answers with these, one after the other: a single one would stay nearest to the processor."""
    there = pathlib.Path(tempfile.mkdtemp(prefix="plain-", dir=folder))
    for number, answer in enumerate(answers):
        (there / str(number)).write_bytes(answer)
    return Server([arguments.plain, str(free_port()), *map(str, range(len(answers)))], there, None)


def mean_size(answers):
    return sum(map(len, answers)) / len(answers)


def script_of(body, folder):
    """What wrk runs: with any of the slugs in this folder, if the body has a place for one."""
    script = folder / "request.lua"
    bodies = ", ".join(f"[======[{part}]======]" for part in body.split(ANY))
    script.write_text(LUA.replace("SLUGS", str(folder / "slugs")).replace("BODIES", bodies))
    return script


def load(arguments, data, script, server, path, mean):
    command = [arguments.wrk, "--latency", "--timeout", "30s", "-t", str(arguments.threads), "-c", str(arguments.connections), "-s", str(script)]
    address = f"http://127.0.0.1:{server.port}{path}"
    # To warm up, what compiles as it runs too; not measured.
    run.run([*command, "-d", "2s", address])
    before = server.cpu(), data.cpu()
    said = run.run([*command, "-d", f"{arguments.seconds}s", address])
    after = server.cpu(), data.cpu()
    found = re.search(r"^measured " + r"(\d+) " * 8 + r"([\d.]+) ([\d.]+)$", said, re.MULTILINE)
    if found is None:
        raise Trouble(f"wrk said nothing that can be read:\n{said}")
    duration, requests, received, *errors = (int(number) for number in found.groups()[:8])
    if requests == 0:
        raise Trouble(f"{address}: no answer within {arguments.seconds} s; give more --seconds")
    if any(errors):
        raise Trouble(f"{address}: connect, read, write, status, timeout errors {errors} in {requests} requests")
    # wrk reads no answers. An error in place of one, whose status may be 200, would be of another size.
    if not 0.97 * mean < received / requests < 1.03 * mean + 1_500:
        raise Trouble(f"{address}: answers of {received / requests:,.0f} bytes under load instead of {mean:,.0f} and headers")
    cpu, database = ((end - begin) * 1e6 / requests for begin, end in zip(before, after))
    return {"rate": requests * 1e6 / duration, "cpu": cpu, "database": database, "p50": float(found.group(9)), "p99": float(found.group(10))}


# ---- the questions ---------------------------------------------------------------------------------------------------


def questions_of_contract(tag):
    return {
        ARTICLE: graphql({"query": contract("ArticlePage"), "variables": {"slug": ANY}}),
        FRONT: graphql(front_page()),
        TAG: graphql({"query": contract("TagPage"), "variables": {"slug": tag, "first": 20}}),
        DEEP: graphql({"query": WHOLE_LIST, "variables": {"first": 20}}),
    }


def questions(server, tag):
    return {
        ARTICLE: graphql({"query": question(server, "ArticlePage"), "variables": {"slug": ANY}}),
        FRONT: graphql({"query": question(server, "FrontPage"), "variables": {"first": 20}}),
        TAG: graphql({"query": question(server, "TagPage"), "variables": {"slug": tag, "first": 20}}),
        DEEP: graphql({"query": question(server, "WholeList"), "variables": {"first": 20}}),
    }


def question(server, name):
    """An operation of those in bench/peers with the fragments that it spreads."""
    text = (PEERS / f"{server}.graphql").read_text()
    operation = definition(text, rf"^query {name}\b")
    return "\n".join([operation, *(definition(text, rf"^fragment {spread} ") for spread in sorted(set(re.findall(r"\.\.\.([A-Z]\w*)", operation))))])


# ---- whether they tell the same --------------------------------------------------------------------------------------


def compare(told, name, answers):
    """What a server tells must be what the first one told, as far as both can tell it."""
    read = by_postgraphile if name == PEER else by_copydesk
    for question, of_question in answers.items():
        for number, answer in enumerate(of_question):
            articles = read(question, json.loads(answer)["data"])
            if len(articles) != (1 if question == ARTICLE else 20):
                raise Trouble(f"{name}, {question}: {len(articles)} articles")
            before = told.setdefault((question, number), articles)
            for ours, theirs in zip(before, articles):
                for field in ours:
                    if ours[field] != theirs[field]:
                        raise Trouble(f"{name}, {question}: {field} of {ours['slug']} is {theirs[field]!r} instead of {ours[field]!r}")


def by_copydesk(question, data):
    nodes = {ARTICLE: lambda: [data["article"]], TAG: lambda: data["tag"]["articles"]["nodes"]}.get(question, lambda: data["articles"]["nodes"])()
    return [copydesk_card(node) if question in (FRONT, TAG) else copydesk_whole(node) for node in nodes]


def copydesk_card(node):
    lead = node["leadFigure"]
    return {
        "slug": node["slug"],
        "title": node["title"],
        "excerpt": node["excerpt"],
        "authors": [author["name"] for author in node["authors"]],
        "lead": lead and (lead["image"]["alt"], lead["caption"]),
    }


def copydesk_whole(node):
    return copydesk_card(node) | {
        "words": node["wordCount"],
        "headings": [section["heading"] for section in node["sections"]],
        # Where a picture stands, Copydesk tells its address, and the table its id.
        "bodies": [section["body"]["markdown"] for section in node["sections"] if not section["figures"]],
        "figures": [(figure["image"]["alt"], figure["caption"]) for section in node["sections"] for figure in section["figures"]],
        "bios": [author["bio"] is not None for author in node["authors"]],
        "portraits": [author["portrait"] and author["portrait"]["alt"] for author in node["authors"]],
        "categories": [category["slug"] for category in node["categories"]],
        "tags": [tag["slug"] for tag in node["tags"]],
        "links": [link["article"]["slug"] if "article" in link else link["url"] for link in node["relatedLinks"]],
        "comments": [(comment["authorName"], [reply["authorName"] for reply in comment["replies"]["nodes"]]) for comment in node["comments"]["nodes"]],
        "comment count": node["commentCount"],
    }


def by_postgraphile(question, data):
    nodes = {
        ARTICLE: lambda: [data["articleBySlug"]],
        TAG: lambda: [link["articleByArticleId"] for link in data["tagBySlug"]["articleTagsByTagId"]["nodes"]],
    }.get(question, lambda: data["allArticles"]["nodes"])()
    return [postgraphile_card(node) if question in (FRONT, TAG) else postgraphile_whole(node) for node in nodes]


def postgraphile_card(node):
    lead = node["figuresByArticleId"]["nodes"]
    return {
        "slug": node["slug"],
        "title": node["title"],
        "excerpt": node["excerpt"],
        "authors": [link["authorByAuthorId"]["name"] for link in node["articleAuthorsByArticleId"]["nodes"]],
        "lead": (lead[0]["imageByImageId"]["alt"], lead[0]["caption"]) if lead else None,
    }


def postgraphile_whole(node):
    authors = [link["authorByAuthorId"] for link in node["articleAuthorsByArticleId"]["nodes"]]
    sections = node["sectionsByArticleId"]["nodes"]
    return postgraphile_card(node) | {
        "words": node["wordCount"],
        "headings": [section["heading"] for section in sections],
        "bodies": [section["body"] for section in sections if not section["figures"]["nodes"]],
        "figures": [(figure["imageByImageId"]["alt"], figure["caption"]) for section in sections for figure in section["figures"]["nodes"]],
        "bios": [author["bio"] is not None for author in authors],
        "portraits": [author["imageByPortraitImageId"] and author["imageByPortraitImageId"]["alt"] for author in authors],
        "categories": [link["categoryByCategoryId"]["slug"] for link in node["articleCategoriesByArticleId"]["nodes"]],
        "tags": [link["tagByTagId"]["slug"] for link in node["articleTagsByArticleId"]["nodes"]],
        "links": [link["target"]["slug"] if link["target"] else link["url"] for link in node["relatedLinksByArticleId"]["nodes"]],
        "comments": [
            (comment["authorName"], [reply["authorName"] for reply in comment["replies"]["nodes"]]) for comment in node["commentsByArticleId"]["nodes"]
        ],
        "comment count": node["commentCount"],
    }


# ---- the report ------------------------------------------------------------------------------------------------------


ENGINES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def versions(arguments, with_peer):
    """Whose they are, in words."""
    words = [run.run([str(arguments.binary), "--version"]).strip()]
    if with_peer:
        installed = json.loads((PEERS / "node_modules" / "postgraphile" / "package.json").read_text())["version"]
        words.append(f"PostGraphile {installed} on Node {run.run([arguments.node, '--version']).strip().lstrip('v')}, {arguments.workers} processes")
    return "; ".join(words)


def head(arguments, sets):
    words = [versions(arguments, any(measured["engine"] == "postgres" for measured in sets))]
    words += [f"{datetime.date.today()}, {run.processor()}", f"{SLUGS:,} articles asked for by chance"]
    return "; ".join([*words, f"{arguments.connections} connections, {arguments.threads} threads of wrk, {arguments.seconds} s a row."])


def table(measured):
    lines = [
        "",
        f"### {measured['size']:,} articles on {ENGINES[measured['engine']]}",
        "",
        f"Made in {measured['made']:,.0f} s, {measured['bytes'] / 1e6:,.0f} MB.",
        "",
        "| | answer's bytes | requests/s | p50 | p99 | CPU a request | PostgreSQL's CPU a request | plain requests/s | plain CPU a request | share of plain's rate |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for question in QUESTIONS:
        for row in measured["rows"]:
            if row["question"] == question:
                ours, plain = row["server"], row["plain"]
                database = f"{ours['database']:,.1f} µs" if measured["engine"] == "postgres" else "–"
                cells = [f"{question}: {row['name']}", f"{row['bytes']:,.0f}", f"{ours['rate']:,.0f}", milliseconds(ours["p50"]), milliseconds(ours["p99"])]
                cells += [f"{ours['cpu']:,.1f} µs", database, f"{plain['rate']:,.0f}", f"{plain['cpu']:.1f} µs", f"{100 * ours['rate'] / plain['rate']:.2f} %"]
                lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| memory | after the first answer | after all of the load |", "|---|---:|---:|"]
    lines += [f"| {name} | {idle:.0f} MB | {after:.0f} MB |" for name, idle, after in measured["memory"]]
    return "\n".join(lines)


def costs(sets):
    """Of each question that is read from a database, all the processor time that an answer takes, and what the plain handler's takes
    that was loaded beside it, by the number of articles."""
    found = {}
    for measured in sets:
        for row in measured["rows"]:
            if row["name"] in ("read", PEER):
                name = f"{row['question']}, {PEER if row['name'] == PEER else ENGINES[measured['engine']]}"
                found.setdefault(name, {})[measured["size"]] = row["server"]["cpu"] + row["server"]["database"], row["plain"]["cpu"]
    return found


def growth(sets):
    sizes = sorted({measured["size"] for measured in sets})
    told = "All the processor time that an answer takes which is read from the database, PostgreSQL's included. How many times the cost that is, is"
    told += " counted in answers of the plain handler, loaded beside each: the machine may be slower for one archive than for another."
    lines = ["", "### Growth", "", told, ""]
    lines += ["| | " + " | ".join([f"{size:,}" for size in sizes] + [f"{size // sizes[0]}× the articles cost" for size in sizes[1:]]) + " |"]
    lines += ["|---|" + "---:|" * (2 * len(sizes) - 1)]
    for name, by_size in costs(sets).items():
        in_plain = {size: cost / plain for size, (cost, plain) in by_size.items()}
        cells = [f"{by_size[size][0]:,.0f} µs" if size in by_size else "–" for size in sizes]
        cells += [f"{in_plain[size] / in_plain[sizes[0]]:.2f}" if size in by_size and sizes[0] in by_size else "–" for size in sizes[1:]]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def bars(sets):
    """The rates in the least archive."""
    least = min(measured["size"] for measured in sets)
    return [
        (f"{question}, {ENGINES[measured['engine']]}", [(row["name"], row["server"]["rate"]) for row in measured["rows"] if row["question"] == question])
        for measured in sets
        if measured["size"] == least
        for question in QUESTIONS
    ]


def lines(sets):
    sizes = sorted({measured["size"] for measured in sets})
    return sizes, [(name, [by_size[size][0] for size in sizes]) for name, by_size in costs(sets).items() if set(by_size) == set(sizes)]


if __name__ == "__main__":
    run.to_the_end(main)
