#!/usr/bin/env python3
"""Measures Copydesk under load, beside a plain axum handler that serves the very same bytes. See README.md.

Python's standard library alone; Linux (it reads /proc); `wrk` sends the load.
"""

import argparse
import datetime
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORT = ROOT / "bench" / "README.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"

# What is kept in memory: whole answers; parts of them as they were told; what they are made of; documents alone.
WITHOUT_ANSWERS = ["--answer-cache", "0"]
WITHOUT_FRAGMENTS = [*WITHOUT_ANSWERS, "--fragment-cache", "0"]
LEVELS = [("kept", []), ("of told parts", WITHOUT_ANSWERS), ("from parts", WITHOUT_FRAGMENTS), ("read", [*WITHOUT_FRAGMENTS, "--article-cache", "0"])]

# No step may take longer than this, whatever happens: seconds.
PATIENCE = 120
STARTS = 5
# Everything here comes from one address.
UNLIMITED = [flag for name in ["comment", "comment-network", "sign-in", "sign-in-network"] for flag in (f"--{name}-limit", "1000000000")]
SIGN_IN = "mutation ($input: SignInInput!) { done: signIn(input: $input) { session { accessToken } userErrors { code message path } } }"
CREATE = "mutation ($input: CreateArticleInput!) { done: createArticle(input: $input) { draft { articleId version } userErrors { code message path } } }"
UPDATE = "mutation ($input: UpdateArticleInput!) { done: updateArticle(input: $input) { draft { version } userErrors { code message path } } }"
PUBLISH = "mutation ($input: PublishArticleInput!) { done: publishArticle(input: $input) { draft { version } userErrors { code message path } } }"
NOUNS = ["lamps", "ropes", "gates", "ledgers", "bells", "cranes", "tides", "crates", "charts", "whistles", "barrels", "signals", "lanterns", "pilots", "buoys", "sails", "anchors", "piers"]
# What stands in the database before saves and publications are measured, in so many drafts; and how many are measured.
REVISIONS, DRAFTS, SAVES, PUBLICATIONS = 10_000, 20, 1_000, 300
# Copies of the demo's articles that are published besides, so that pages of 20 are full.
COPIES = 21

WHOLE_LIST = """query WholeList($first: Int!) { articles(first: $first) { nodes {
  id slug title excerpt locale publishedAt updatedAt wordCount readingMinutes
  leadFigure { image { id url alt width height mimeType } caption credit }
  tableOfContents { level text anchor }
  sections { id position anchor level heading body { markdown html text wordCount } figures { image { id url alt width height } caption credit } }
  authors { id name slug bio { html } portrait { url alt } }
  categories { name slug }
  tags { name slug }
  relatedLinks { __typename ... on RelatedArticle { title article { id slug title excerpt } } ... on ExternalLink { title url } }
  commentCount
  comments(first: 5) { nodes { id authorName createdAt body { html text } replies(first: 3) { nodes { id authorName createdAt body { html } } } } pageInfo { hasNextPage endCursor } }
  seo { title description canonicalUrl image { url } jsonLd }
} } }"""

# wrk calls `done` when it has finished: what it measured, in a form for programs. Times are microseconds.
LUA = """
function done(summary, latency, requests)
  io.write(string.format("\\nmeasured %d %d %d %d %d %d %d %f %f\\n", summary.duration, summary.requests,
    summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.status, summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


class Trouble(Exception):
    """What keeps the bench from being run: one line for people."""


def main():
    arguments = parse()
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Trouble("wrk is missing: install the package `wrk` (Debian and Ubuntu: apt-get install wrk)")
    if not arguments.binary.is_file():
        raise Trouble(f"{arguments.binary} is missing: cargo build --release")
    plain = arguments.plain if arguments.plain.is_file() else None
    if plain is None:
        print(f"{arguments.plain} is missing, so there is nothing to compare with: cargo build --release --example plain\n")
    with tempfile.TemporaryDirectory(prefix="copydesk-bench-") as folder:
        report = measure(arguments, wrk, plain, pathlib.Path(folder))
    tell(arguments, report, REPORT)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/copydesk", help="the server to measure")
    parser.add_argument("--plain", type=pathlib.Path, default=ROOT / "target/release/examples/plain", help="what to compare it with")
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, 61), metavar="1…60", help="of load for each row [5]")
    parser.add_argument("--connections", type=int, default=16, help="[16]")
    parser.add_argument("--threads", type=int, default=2, help="wrk's threads [2]")
    parser.add_argument("--log-level", default="warn", help="the server's; `info` writes a line for each request [warn]")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    arguments = parser.parse_args()
    arguments.binary, arguments.plain = arguments.binary.resolve(), arguments.plain.resolve()
    return arguments


# ---- what is measured ------------------------------------------------------------------------------------------------


def measure(arguments, wrk, plain, folder):
    port = free_port()
    serve = [arguments.binary, "serve", "--listen", f"127.0.0.1:{port}", "--log-level", arguments.log_level, *UNLIMITED]
    with Server([*serve, "--demo"], folder, port) as server:
        fill(server)
    starts, idle, own = [], None, None
    for _ in range(STARTS):
        began = time.perf_counter()
        with Server(serve, folder, port) as server:
            server.first_answer(*graphql(front_page()))
            starts.append(time.perf_counter() - began)
            idle, own = idle or server.memory(), own or server.memory("RssAnon")
    rows = []
    for level, cache in LEVELS:
        with Server([*serve, *cache], folder, port) as server:
            server.first_answer(*graphql(front_page()))
            for name, request in targets():
                rows.append(load_both(arguments, wrk, plain, folder, server, f"{name}, {level}", request))
            after = server.memory()
    with Server(serve, folder, port) as server:
        server.first_answer(*graphql(front_page()))
        rows.append(load_both(arguments, wrk, plain, folder, server, "`GET /health/live`", ("GET", "/health/live", None)))
    # Executed: an answer from memory knows nobody.
    with Server([*serve, "--demo", "--answer-cache", "0"], folder, port) as server:
        doors = measure_doors(arguments, wrk, folder, server)
    with Server([*serve, "--demo"], folder, port) as server:
        desk = measure_desk(server)
    return table(arguments, starts, idle, own, after, rows, doors, desk)


def measure_desk(server):
    """How long an editor waits for a save and for a publication, one after the other, beside many revisions."""
    token = server.do(SIGN_IN, {"email": "editor@demo.example", "password": server.password()})["session"]["accessToken"]
    drafts = [server.do(CREATE, long_article(number, 0), token)["draft"] for number in range(DRAFTS)]
    versions = [draft["version"] for draft in drafts]
    saves, publications = [], []

    def save(at, round_number):
        content = long_article(at, round_number)
        began = time.perf_counter()
        versions[at] = server.do(UPDATE, {"articleId": drafts[at]["articleId"], "version": versions[at], **content}, token)["draft"]["version"]
        return time.perf_counter() - began

    for number in range(REVISIONS - DRAFTS):
        save(number % DRAFTS, number)
    for number in range(SAVES):
        saves.append(save(number % DRAFTS, -1 - number))
    for number in range(PUBLICATIONS):
        at = number % DRAFTS
        save(at, REVISIONS + number)
        began = time.perf_counter()
        versions[at] = server.do(PUBLISH, {"articleId": drafts[at]["articleId"], "version": versions[at]}, token)["draft"]["version"]
        publications.append(time.perf_counter() - began)
    return {"save": saves, "publish": publications, "bytes": len(json.dumps(long_article(0, 0)))}


def long_article(number, round_number):
    """About 30 kB of text in ten sections; one sentence of each differs from round to round."""
    words = " ".join(f"The harbour kept its {noun} for the night boats, and nobody on the quay asked why." for noun in NOUNS)
    sections = [
        {"heading": f"Part {part}", "body": f"Written in round {round_number}, part {part}.\n\n{words}\n\n- one\n- two\n\n> {words}"}
        for part in range(1, 11)
    ]
    return {"title": f"A long story {number}", "excerpt": "Ten parts.", "sections": sections}


def measure_doors(arguments, wrk, folder, server):
    """What it costs to know who asks, and how many come in."""
    credentials = {"email": "editor@demo.example", "password": server.password()}
    token = server.do(SIGN_IN, credentials)["session"]["accessToken"]
    script, least = folder / "request.lua", graphql({"query": "{ __typename }"})
    measured = {}
    for name, sent in [("public", None), ("signed in", token)]:
        script.write_text(lua(least, sent))
        measured[name] = load(arguments, wrk, script, server, "/graphql")
    before = server.memory()
    script.write_text(lua(graphql({"query": SIGN_IN, "variables": {"input": credentials}})))
    measured["sign-in"] = load(arguments, wrk, script, server, "/graphql")
    return measured | {"before": before, "peak": server.memory("VmHWM")}


def targets():
    return [
        ("article page (`ArticlePage`)", graphql({"query": contract("ArticlePage"), "variables": {"slug": "tide-gates"}})),
        ("front page (`FrontPage`)", graphql(front_page())),
        ("tag page (`TagPage`)", graphql({"query": contract("TagPage"), "variables": {"slug": "public-money"}})),
        ("deep list: 20 whole articles", graphql({"query": WHOLE_LIST, "variables": {"first": 20}})),
    ]


def load_both(arguments, wrk, plain, folder, server, name, request):
    """Loads the server, then the plain handler with the same request and the answer's own bytes."""
    body = server.ask(*request)
    if request[2] is not None:
        articles = json.loads(body)["data"].get("articles")
        if articles is not None and len(articles["nodes"]) != 20:
            raise Trouble(f"{name}: the list holds {len(articles['nodes'])} articles instead of 20")
    script = folder / "request.lua"
    script.write_text(lua(request))
    row = {"name": name, "bytes": len(body), "server": load(arguments, wrk, script, server, request[1]), "plain": None}
    if plain is not None:
        answer = folder / "answer"
        answer.write_bytes(body)
        with Server([plain, str(free_port()), answer], folder, None) as other:
            if other.ask(*request) != body:
                raise Trouble("the plain handler does not serve the bytes that it was given")
            row["plain"] = load(arguments, wrk, script, other, request[1])
    return row


def load(arguments, wrk, script, server, path):
    command = [wrk, "--latency", "--timeout", "30s", "-t", str(arguments.threads), "-c", str(arguments.connections), "-s", str(script)]
    address = f"http://127.0.0.1:{server.port}{path}"
    # A second to warm up; not measured.
    run([*command, "-d", "1s", address])
    cpu = server.cpu()
    said = run([*command, "-d", f"{arguments.seconds}s", address])
    cpu = server.cpu() - cpu
    found = re.search(r"^measured (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)$", said, re.MULTILINE)
    if found is None:
        raise Trouble(f"wrk said nothing that can be read:\n{said}")
    duration, requests, *errors = (int(number) for number in found.groups()[:7])
    if requests == 0:
        raise Trouble(f"{address}: no answer within {arguments.seconds} s; give more --seconds")
    if any(errors):
        raise Trouble(f"{address}: connect, read, write, status, timeout errors {errors} in {requests} requests")
    p50, p99 = (float(number) for number in found.groups()[7:])
    return {"rate": requests * 1e6 / duration, "cpu": cpu * 1e6 / requests, "p50": p50, "p99": p99}


# ---- the requests ----------------------------------------------------------------------------------------------------


def contract(name):
    """An operation of the contract with the fragments that it spreads, as a client sends it."""
    text = (ROOT / "tests/operations/contract.graphql").read_text()
    operation = definition(text, rf"^query {name}\b")
    fragments = [definition(text, rf"^fragment {spread} ") for spread in sorted(set(re.findall(r"\.\.\.([A-Z]\w*)", operation)))]
    return "\n".join([operation, *fragments])


def definition(text, head):
    found = re.search(head, text, re.MULTILINE)
    if found is None:
        raise Trouble(f"tests/operations/contract.graphql has no definition that matches {head}")
    depth = 0
    for at in range(text.index("{", found.start()), len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[found.start() : at + 1]
    raise Trouble(f"tests/operations/contract.graphql: the definition that matches {head} does not end")


def front_page():
    return {"query": contract("FrontPage"), "variables": {"first": 20}}


def graphql(body):
    return "POST", "/graphql", json.dumps(body)


def lua(request, token=None):
    method, _, body = request
    head = f'wrk.method = "{method}"\n'
    if token is not None:
        head += f'wrk.headers["Authorization"] = "Bearer {token}"\n'
    if body is not None:
        head += f"wrk.body = [======[{body}]======]\n" + 'wrk.headers["Content-Type"] = "application/json"\n'
    return head + LUA


# ---- content ---------------------------------------------------------------------------------------------------------


def fill(server):
    """Publishes copies of the demo's articles, each with a conversation, by the API and as its editor."""
    token = server.do(SIGN_IN, {"email": "editor@demo.example", "password": server.password()})["session"]["accessToken"]
    articles = json.loads(
        server.ask(
            *graphql(
                {
                    "query": """{ articles(first: 100) { nodes { title excerpt locale leadFigure { image { id } caption credit }
                    sections { heading level body { markdown } } authors { id } categories { id } tags { id }
                    relatedLinks { ... on RelatedArticle { article { id } } ... on ExternalLink { title url } } } } }"""
                }
            )
        )
    )["data"]["articles"]["nodes"]
    for number in range(COPIES):
        article = articles[number % len(articles)]
        draft = server.do(
            CREATE,
            copy_of(article, number),
            token,
        )["draft"]
        server.do(
            "mutation ($input: PublishArticleInput!) { done: publishArticle(input: $input) { draft { isPublished } userErrors { code message path } } }",
            draft,
            token,
        )
        first = comment(server, token, draft["articleId"], None, "I read this on the ferry, **twice**. When does the next part come?")
        comment(server, token, draft["articleId"], first, "In spring, they say: <https://example.org/plan>.")
        comment(server, token, draft["articleId"], None, "The table in the middle has the years right.\n\nMy grandmother kept the same list.")


def copy_of(article, number):
    def body(markdown):
        # The public Markdown holds addresses of pictures; what is written holds their ids.
        return re.sub(r"http://[^\s()<>]*?/media/(img_[0-9a-f]{32})/[^\s()<>\"]*", r"\1", markdown)

    lead = article["leadFigure"]
    links = [
        {"article": {"articleId": link["article"]["id"]}} if "article" in link else {"external": {"title": link["title"], "url": link["url"]}}
        for link in article["relatedLinks"]
    ]
    return {
        "title": f"{article['title']} ({number + 1})",
        "excerpt": article["excerpt"],
        "locale": article["locale"],
        "leadFigure": lead and {"imageId": lead["image"]["id"], "caption": lead["caption"], "credit": lead["credit"]},
        "sections": [
            {"heading": section["heading"], "level": section["level"], "body": body(section["body"]["markdown"])}
            for section in article["sections"]
        ],
        "authorIds": [author["id"] for author in article["authors"]],
        "categoryIds": [category["id"] for category in article["categories"]],
        "tagIds": [tag["id"] for tag in article["tags"]],
        "relatedLinks": links,
    }


def comment(server, token, article, parent, body):
    sent = server.do(
        "mutation ($input: SubmitCommentInput!) { done: submitComment(input: $input) { comment { id } userErrors { code message path } } }",
        {"articleId": article, "parentId": parent, "authorName": "A Reader", "authorEmail": "reader@demo.example", "body": body},
    )
    approved = server.do(
        "mutation ($input: ApproveCommentInput!) { done: approveComment(input: $input) { comment { id } userErrors { code message path } } }",
        {"commentId": sent["comment"]["id"]},
        token,
    )
    return approved["comment"]["id"]


# ---- processes -------------------------------------------------------------------------------------------------------


class Server:
    """A process of ours, ended with the block. Without a port, it prints its address first."""

    def __init__(self, command, folder, port):
        self.command, self.folder, self.port = [str(part) for part in command], folder, port

    def __enter__(self):
        # Settings of whoever runs the bench must not reach the server; it finds no settings file in this folder either.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr, text=True
        )
        self.deadline = time.monotonic() + PATIENCE
        try:
            if self.port is None:
                self.port = int(self.line(r"^http://127\.0\.0\.1:(\d+)$"))
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.stderr.close()

    def line(self, pattern):
        """Waits for a line that the process prints; gives what the pattern's group finds in it."""
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                found = re.search(pattern, line.rstrip("\n"))
                if found:
                    return found.group(1)
        finally:
            watchdog.cancel()
        raise self.ended(f"printed nothing that matches {pattern}")

    def password(self):
        return self.line(r"^  Password +(\S+)")

    def first_answer(self, *request):
        """Asks until there is an answer: the port is open before the server is, so the wait is the kernel's, not ours."""
        while True:
            try:
                return self.ask(*request)
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > self.deadline:
                    raise self.ended("answered nothing") from None
                os.sched_yield()

    def ask(self, method, path, body, token=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise Trouble(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer

    def do(self, mutation, variables, token=None):
        answer = json.loads(self.ask(*graphql({"query": mutation, "variables": {"input": variables}}), token))
        done = answer["data"]["done"]
        if done["userErrors"]:
            raise Trouble(f"{mutation}: {done['userErrors']}")
        return done

    def cpu(self):
        """Processor time so far, in seconds, of all threads."""
        # The name, in parentheses, may hold anything.
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, kind="VmRSS"):
        """Resident memory, in MB; `VmHWM`: the most there ever was."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{kind}:\s+(\d+) kB$", status, re.MULTILINE).group(1)) * 1024 / 1e6

    def ended(self, what):
        self.stderr.seek(0)
        said = self.stderr.read().decode(errors="replace").strip().splitlines()[-5:]
        return Trouble("\n".join([f"{pathlib.Path(self.command[0]).name} {what}", *said]))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(command, patience=PATIENCE):
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
    if done.returncode != 0:
        raise Trouble(f"{command[0]} failed: {done.stderr or done.stdout}")
    return done.stdout


# ---- the report ------------------------------------------------------------------------------------------------------


def table(arguments, starts, idle, own, after, rows, doors, desk):
    version = run([str(arguments.binary), "--version"]).strip()
    lines = [
        f"{version}, {datetime.date.today()}, {processor()}; {arguments.connections} connections, {arguments.threads} threads of wrk, "
        f"{arguments.seconds} s a row; SQLite; log level `{arguments.log_level}`; {COPIES} articles beside the demo's.",
        "",
        "| | answer's bytes | requests/s | p50 | p99 | CPU a request | plain requests/s | plain CPU a request | share of plain's rate |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        ours, plain = row["server"], row["plain"]
        compared = [f"{plain['rate']:,.0f}", f"{plain['cpu']:.1f} µs", f"{100 * ours['rate'] / plain['rate']:.1f} %"] if plain else ["–"] * 3
        cells = [row["name"], f"{row['bytes']:,}", f"{ours['rate']:,.0f}", milliseconds(ours["p50"]), milliseconds(ours["p99"]), f"{ours['cpu']:,.1f} µs", *compared]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "| | |",
        "|---|---:|",
        f"| start to first answer, on an existing database (median of {len(starts)}) | {1000 * statistics.median(starts):.0f} ms |",
        f"| resident memory after the first answer | {idle:.0f} MB, {own:.0f} MB of them not of its file |",
        f"| resident memory after all of the load | {after:.0f} MB |",
        f"| `{{ __typename }}`, CPU a request: of the public | {doors['public']['cpu']:.1f} µs |",
        f"| the same with a token | {doors['signed in']['cpu']:.1f} µs |",
        f"| so knowing who asks costs | {doors['signed in']['cpu'] - doors['public']['cpu']:.1f} µs |",
        f"| sign-ins a second, two passwords hashed at once | {doors['sign-in']['rate']:.0f} |",
        f"| CPU of a sign-in | {doors['sign-in']['cpu'] / 1000:.1f} ms |",
        f"| saving a draft of {desk['bytes'] / 1000:.0f} kB beside {REVISIONS:,} revisions: p50, p99 of {SAVES:,} | {waits(desk['save'])} |",
        f"| publishing it: p50, p99 of {PUBLICATIONS} | {waits(desk['publish'])} |",
        f"| resident memory before the sign-ins, and the most during them | {doors['before']:.0f} MB, {doors['peak']:.0f} MB |",
    ]
    return "\n".join(lines)


def waits(seconds):
    ordered = sorted(seconds)
    return ", ".join(f"{1000 * ordered[int(share * len(ordered))]:.1f} ms" for share in (0.5, 0.99))


def milliseconds(microseconds):
    return f"{microseconds / 1000:.2f} ms"


def processor():
    names = re.findall(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    name = names[0] if names else platform.machine()
    return f"{len(os.sched_getaffinity(0))} × {name}"


def tell(arguments, report, path):
    """Prints a report and, where it is asked for, puts it into its place in a file."""
    print(report)
    if arguments.write:
        write(report, path)
        print(f"written to {path.relative_to(ROOT)}")


def write(report, path):
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN + "\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Trouble(f"{path} has no lines {BEGIN} and {END}")
    path.write_text(f"{before}{begin}\n{report}\n\n{end}{after}")


def to_the_end(main):
    """Runs a bench. What keeps it from its end is one line for people; whoever ends it ends what it has started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))
    try:
        main()
    except (Trouble, subprocess.CalledProcessError) as trouble:
        sys.exit(f"bench: {trouble}")
    except subprocess.TimeoutExpired as late:
        sys.exit(f"bench: {late.cmd[0]} took longer than {late.timeout:g} seconds")


if __name__ == "__main__":
    to_the_end(main)
