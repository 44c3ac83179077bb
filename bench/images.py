#!/usr/bin/env python3
"""Measures how fast pictures are made and served, and in how much memory. See README.md.

Python's standard library alone; Linux (it reads /proc); `wrk` sends the load, libvips (`libvips-tools`) is compared with.
"""

import argparse
import concurrent.futures
import datetime
import http.client
import json
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

import run
from run import LUA, PATIENCE, ROOT, SIGN_IN, Server, Trouble, free_port, load, processor

REPORT = ROOT / "bench" / "images.md"
# The picture that is scaled: 24 megapixels, as a camera makes them.
CAMERA = (6_000, 4_000)
ROUNDS = 5
# New variants that are asked for at once, and how many pictures are decoded at once meanwhile.
STORM = 48
WORKERS = [1, 2, 4]
WIDTHS = [160, 240, 320, 480, 640, 800, 960, 1280, 1600, 2000, 2560, 3840]


def main():
    arguments = parse()
    wrk = needed("wrk", "wrk")
    needed("vipsthumbnail", "libvips-tools")
    needed("vips", "libvips-tools")
    with tempfile.TemporaryDirectory(prefix="copydesk-images-") as folder:
        folder = pathlib.Path(folder)
        camera = photograph(folder)
        served = serve(arguments, wrk, folder)
        made = make(arguments, folder, camera)
        storms = [storm(arguments, folder, camera, workers) for workers in WORKERS]
    report = table(arguments, served, made, storms)
    print(report)
    if arguments.write:
        REPORT.write_text(report + "\n")
        print(f"written to {REPORT.relative_to(ROOT)}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/copydesk", help="the server to measure")
    parser.add_argument("--files", type=pathlib.Path, default=ROOT / "target/release/examples/files", help="what to compare its delivery with")
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, 61), metavar="1…60", help="of load for each row [5]")
    parser.add_argument("--connections", type=int, default=16, help="[16]")
    parser.add_argument("--threads", type=int, default=2, help="wrk's threads [2]")
    parser.add_argument("--write", action="store_true", help="put the tables into bench/images.md")
    arguments = parser.parse_args()
    arguments.binary, arguments.files = arguments.binary.resolve(), arguments.files.resolve()
    for program, build in [(arguments.binary, "cargo build --release"), (arguments.files, "cargo build --release --example files")]:
        if not program.is_file():
            raise Trouble(f"{program} is missing: {build}")
    return arguments


def needed(program, package):
    found = shutil.which(program)
    if found is None:
        raise Trouble(f"{program} is missing: install the package `{package}` (Debian and Ubuntu: apt-get install {package})")
    return found


def photograph(folder):
    """A JPEG with shapes of every size and the noise of a sensor."""
    width, height = (str(length) for length in CAMERA)
    at = lambda name: str(folder / name)

    def vips(*command):
        subprocess.run(["vips", *command], check=True, stdout=subprocess.DEVNULL)

    for number, cell in enumerate(["700", "160", "24"]):
        vips("perlin", at(f"{number}.v"), width, height, "--cell-size", cell, "--seed", str(number))
        vips("linear", at(f"{number}.v"), at(f"scaled{number}.v"), "110", "128")
        vips("gaussnoise", at(f"noise{number}.v"), width, height, "--sigma", "4", "--mean", "0")
        vips("add", at(f"scaled{number}.v"), at(f"noise{number}.v"), at(f"band{number}.v"))
    vips("bandjoin", " ".join(at(f"band{number}.v") for number in range(3)), at("joined.v"))
    vips("cast", at("joined.v"), at("bytes.v"), "uchar")
    vips("copy", at("bytes.v"), at("colors.v"), "--interpretation", "srgb")
    vips("jpegsave", at("colors.v"), at("camera.jpg"), "--Q", "90")
    for leftover in folder.glob("*.v"):
        leftover.unlink()
    return folder / "camera.jpg"


# ---- served ----------------------------------------------------------------------------------------------------------


def serve(arguments, wrk, folder):
    """A variant out of the store, and the same file from a handler of static files."""
    rows = []
    script = folder / "request.lua"
    script.write_text('wrk.method = "GET"\n' + LUA)
    with demo(arguments, folder / "served", 2) as server:
        for width in [320, 1280]:
            query = "{ articles(first: 1) { nodes { leadFigure { image { url(width: %d, format: WEBP) } } } } }" % width
            found = json.loads(server.first_answer(*run.graphql({"query": query})))["data"]["articles"]["nodes"]
            path = re.sub(r"^http://[^/]+", "", found[0]["leadFigure"]["image"]["url"])
            body = server.ask("GET", path, None)
            media = folder / "served" / "copydesk-data" / "media"
            file = next(file for file in media.glob(f"variants/*/*/q*-w{width}.webp") if file.read_bytes() == body)
            row = {"name": f"{width} px wide, WebP", "bytes": len(body), "server": load(arguments, wrk, script, server, path)}
            with Server([arguments.files, str(free_port()), media], folder, None) as other:
                path = f"/{file.relative_to(media)}"
                if other.ask("GET", path, None) != body:
                    raise Trouble("the handler of static files does not serve the same bytes")
                row["plain"] = load(arguments, wrk, script, other, path)
            rows.append(row)
    return rows


def demo(arguments, folder, workers):
    folder.mkdir()
    port = free_port()
    serve = [arguments.binary, "serve", "--demo", "--listen", f"127.0.0.1:{port}", "--log-level", "warn", "--image-workers", str(workers)]
    return Server(serve, folder, port)


# ---- made ------------------------------------------------------------------------------------------------------------


def make(arguments, folder, camera):
    """The first request for 1280 px of a camera's picture, with nothing made of it before; and the same by vipsthumbnail."""
    home = folder / "made"
    with demo(arguments, home, 2) as server:
        token = sign_in(server)
        began = time.perf_counter()
        path = upload(server, token, camera, "url(width: 1280, format: WEBP)")
        uploaded = time.perf_counter() - began
        waits, times = [], []
        for _ in range(ROUNDS):
            shutil.rmtree(home / "copydesk-data" / "media" / "variants", ignore_errors=True)
            before, began = server.cpu(), time.perf_counter()
            made = server.ask("GET", path, None)
            waits.append(time.perf_counter() - began)
            times.append(server.cpu() - before)
    thumbnail = folder / "thumbnail.webp"
    others, other_times = [], []
    for _ in range(ROUNDS):
        before, began = children(), time.perf_counter()
        subprocess.run(["vipsthumbnail", camera, "--size", "1280x", "-o", f"{thumbnail}[Q=80,strip]"], check=True)
        others.append(time.perf_counter() - began)
        other_times.append(children() - before)
    (folder / "made.webp").write_bytes(made)
    return {
        "upload": uploaded,
        "camera": camera.stat().st_size,
        "wait": statistics.median(waits),
        "cpu": statistics.median(times),
        "bytes": len(made),
        "vips wait": statistics.median(others),
        "vips cpu": statistics.median(other_times),
        "vips bytes": thumbnail.stat().st_size,
        "vips": subprocess.run(["vips", "--version"], check=True, capture_output=True, text=True).stdout.strip(),
    }


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sign_in(server):
    credentials = {"email": "editor@demo.example", "password": server.password()}
    return server.do(SIGN_IN, credentials)["session"]["accessToken"]


def upload(server, token, file, *addresses):
    """Uploads a picture; gives the paths of what is asked of it."""
    asked = " ".join(f"at{number}: {address}" for number, address in enumerate(addresses))
    query = "mutation ($input: UploadImageInput!) { uploadImage(input: $input) { image { %s } userErrors { message } } }" % asked
    operations = {"query": query, "variables": {"input": {"file": None, "alt": "What a camera saw"}}}
    parts = [("operations", "", json.dumps(operations).encode()), ("map", "", b'{ "0": ["variables.input.file"] }'), ("0", '; filename="camera.jpg"', file.read_bytes())]
    body = b"".join(f'--edge\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n" for name, more, content in parts)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    headers = {"Content-Type": "multipart/form-data; boundary=edge", "Authorization": f"Bearer {token}"}
    connection.request("POST", "/graphql", body + b"--edge--\r\n", headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    image = (answer.get("data") or {}).get("uploadImage", {}).get("image")
    if image is None:
        raise Trouble(f"the upload was refused: {answer}")
    paths = [re.sub(r"^http://[^/]+", "", image[f"at{number}"]) for number in range(len(addresses))]
    return paths[0] if len(paths) == 1 else paths


# ---- many at once ----------------------------------------------------------------------------------------------------


def storm(arguments, folder, camera, workers):
    """Many new variants of the camera's picture at once: how much memory the server ever had."""
    addresses = [f"url(width: {width}, height: {height}, format: {kind})" for height in WIDTHS[:4] for width in WIDTHS for kind in ["WEBP", "JPEG"]]
    with demo(arguments, folder / f"storm-{workers}", workers) as server:
        paths = upload(server, sign_in(server), camera, *addresses[:STORM])
        pathlib.Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
        before, began = server.memory("VmHWM"), time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(STORM) as senders:
            sizes = list(senders.map(lambda path: len(server.ask("GET", path, None)), paths))
        return {"workers": workers, "before": before, "peak": server.memory("VmHWM"), "seconds": time.perf_counter() - began, "made": len(sizes)}


# ---- the report ------------------------------------------------------------------------------------------------------


def table(arguments, served, made, storms):
    lines = [
        f"{run.run([str(arguments.binary), '--version']).strip()}, {datetime.date.today()}, {processor()}; {arguments.connections} connections, {arguments.threads} threads of wrk, {arguments.seconds} s a row; SQLite; media in a folder; log level `warn`.",
        "",
        "| served out of the store | bytes | requests/s | p50 | p99 | CPU a request | static files requests/s | static files CPU a request | share of their rate |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in served:
        ours, plain = row["server"], row["plain"]
        lines.append(
            f"| {row['name']} | {row['bytes']:,} | {ours['rate']:,.0f} | {ours['p50'] / 1e3:.2f} ms | {ours['p99'] / 1e3:.2f} ms | {ours['cpu']:,.1f} µs "
            f"| {plain['rate']:,.0f} | {plain['cpu']:,.1f} µs | {100 * ours['rate'] / plain['rate']:.0f} % |"
        )
    width, height = CAMERA
    lines += [
        "",
        f"| a JPEG of {width} × {height} ({width * height / 1e6:.0f} megapixels, {made['camera'] / 1e6:.1f} MB) to WebP, 1280 px wide, quality 80 (median of {ROUNDS}) | wait | CPU | bytes |",
        "|---|---:|---:|---:|",
        f"| copydesk, first request | {1e3 * made['wait']:,.0f} ms | {1e3 * made['cpu']:,.0f} ms | {made['bytes']:,} |",
        f"| vipsthumbnail ({made['vips']}) | {1e3 * made['vips wait']:,.0f} ms | {1e3 * made['vips cpu']:,.0f} ms | {made['vips bytes']:,} |",
        f"| ratio | {made['wait'] / made['vips wait']:.2f} | {made['cpu'] / made['vips cpu']:.2f} | {made['bytes'] / made['vips bytes']:.2f} |",
        "",
        f"Uploading it (received, checked, decoded whole, kept, recorded) takes {1e3 * made['upload']:,.0f} ms.",
        "",
        f"| {STORM} new variants of it asked for at once | most memory before | most memory meanwhile | more by | for each worker | all made in |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in storms:
        more = row["peak"] - row["before"]
        lines.append(
            f"| `image_workers = {row['workers']}` | {row['before']:,.0f} MB | {row['peak']:,.0f} MB | {more:,.0f} MB "
            f"| {more / row['workers']:,.0f} MB | {row['seconds']:.1f} s |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run.to_the_end(main)
