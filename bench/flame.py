#!/usr/bin/env python3
"""Draws what the server spends its time on while it answers one question, as a flame graph. See README.md.

Python's standard library alone; Linux, wrk and perf (Debian: linux-perf).
"""

import argparse
import collections
import pathlib
import re
import shutil
import subprocess
import tempfile

import plot
import run
from run import ROOT, UNLIMITED, Server, Trouble, fill, free_port, front_page, graphql

LEVELS = {name: flags for name, flags in run.LEVELS}
SAMPLES = 397


def main():
    arguments = parse()
    for program in ["wrk", "perf"]:
        if shutil.which(program) is None:
            raise Trouble(f"{program} is missing: install the package (Debian and Ubuntu: wrk, linux-perf)")
    with tempfile.TemporaryDirectory(prefix="copydesk-flame-") as folder:
        stacks = measure(arguments, pathlib.Path(folder))
    name = arguments.question.partition(" (")[0]
    picture = plot.flames(f"{name}, {arguments.level}: where the server's processor time goes", stacks)
    arguments.out.write_text(picture)
    print(f"{sum(stacks.values())} samples, drawn into {arguments.out}")


def parse():
    questions = {name.partition(" (")[0].partition(":")[0]: name for name, _ in run.targets()}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/copydesk", help="the server to measure")
    parser.add_argument("--level", choices=LEVELS, default="of told parts", help="what is kept in memory [of told parts]")
    parser.add_argument("--question", choices=questions, default="front page", help="[front page]")
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, 61), metavar="1…60", help="of load [5]")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/flame.svg", help="[bench/flame.svg]")
    arguments = parser.parse_args()
    arguments.question, arguments.binary = questions[arguments.question], arguments.binary.resolve()
    arguments.threads, arguments.connections = 2, 16
    return arguments


def measure(arguments, folder):
    port = free_port()
    serve = [arguments.binary, "serve", "--listen", f"127.0.0.1:{port}", "--log-level", "warn", *UNLIMITED]
    with Server([*serve, "--demo"], folder, port) as server:
        fill(server)
    script, recorded = folder / "request.lua", folder / "perf.data"
    request = dict(run.targets())[arguments.question]
    script.write_text(run.lua(request))
    with Server([*serve, *LEVELS[arguments.level]], folder, port) as server:
        server.first_answer(*graphql(front_page()))
        # Unwound by the tables for panics, which every build has.
        command = ["perf", "record", "-F", str(SAMPLES), "--call-graph", "dwarf,32768", "-p", str(server.process.pid), "-o", str(recorded)]
        watching = subprocess.Popen([*command, "--", "sleep", str(arguments.seconds)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run.load(arguments, shutil.which("wrk"), script, server, request[1])
        watching.wait()
    said = subprocess.run(["perf", "script", "-i", str(recorded), "-F", "ip,sym"], capture_output=True, text=True, timeout=600, check=False).stdout
    return folded(said)


def folded(said):
    """Samples by their frames, from within the handler outwards; what is not below it stands by itself."""
    stacks = collections.Counter()
    for sample in said.split("\n\n"):
        frames = [shortened(line.strip().partition(" ")[2]) for line in sample.splitlines() if line.strip()]
        frames = [frame for frame in reversed(frames) if frame != "[unknown]"]
        # Runtime and layers stand around everything alike.
        begin = next((at for at, frame in enumerate(frames) if "axum::handler::Handler" in frame), 0)
        if frames[begin:]:
            stacks[tuple(frames[begin:])] += 1
    if not stacks:
        raise Trouble("perf has taken no samples: see whether `perf record true` may")
    return stacks


def shortened(symbol):
    symbol = re.sub(r"::\{\{closure\}\}|::h[0-9a-f]{16}$", "", symbol)
    while re.search(r"<[^<>]*>", symbol):
        symbol = re.sub(r"<([^<>]*)>", lambda found: "" if " as " not in found.group(1) else found.group(1).partition(" as ")[0].rpartition("::")[2], symbol)
    return symbol


if __name__ == "__main__":
    run.to_the_end(main)
