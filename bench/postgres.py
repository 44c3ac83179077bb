"""A throw-away PostgreSQL cluster for the benches that need one: gone when the bench ends, however it ends.

As tests/harness/postgres.rs makes one for the tests.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from run import PATIENCE, Trouble, free_port, run

# `postgres` refuses to run as root; then it runs as nobody.
NOBODY = 65_534


class Postgres:
    """A cluster, ended and removed with the block."""

    def __enter__(self):
        self.programs, self.port = programs(), free_port()
        self.address = self.address_of("postgres")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="copydesk-postgres-"))
        self.who = {}
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            self.who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        # Reads to the end of its input, which comes with the bench's own.
        stop = f"cat >/dev/null; {self.programs}/pg_ctl -D {self.folder}/data -m immediate stop >/dev/null 2>&1; rm -rf {self.folder}"
        self.cleaner = subprocess.Popen(["sh", "-c", stop], stdin=subprocess.PIPE, start_new_session=True, cwd="/", **self.who)
        try:
            self.program("initdb", "-D", "data", "-U", "desk", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
            options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "off", "jit": "off"}
            given = " ".join(f"-c {name}={value}" for name, value in options.items())
            self.program("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", given, "start")
            self.pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.cleaner.stdin.close()
        self.cleaner.wait(PATIENCE)

    def program(self, name, *arguments):
        # Into a file: what `pg_ctl` starts would hold a pipe open.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [self.programs / name, *arguments], cwd=self.folder, env={"LC_ALL": "C"}, stdout=said, stderr=said, timeout=PATIENCE, check=False, **self.who
            )
            said.seek(0)
            if done.returncode != 0:
                raise Trouble(f"{name} failed: {said.read().decode(errors='replace').strip()}")

    def address_of(self, database):
        return f"postgres://desk@127.0.0.1:{self.port}/{database}"

    def sql(self, statement, database="postgres", patience=PATIENCE):
        return run([str(self.programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, self.address_of(database)], patience).strip()

    def version(self):
        return f"PostgreSQL {self.sql('SHOW server_version').split()[0]}"

    def cpu(self):
        """Processor time so far, in seconds: the postmaster, the processes that it started, and those of them that ended."""
        return cpu_of_tree(self.pid)


def programs():
    on_path = [pathlib.Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(re.sub(r"\D", "", folder.parent.name) or 0))
    for folder in [*on_path, *versions]:
        if all(shutil.which(name, path=folder) for name in ("initdb", "pg_ctl", "psql")):
            return folder
    raise Trouble("PostgreSQL is missing: initdb, pg_ctl and psql are neither on PATH nor under /usr/lib/postgresql/*/bin")


def tree(pid):
    """A process and all that come from it."""
    found = [pid]
    for at in found:
        try:
            tasks = list(pathlib.Path(f"/proc/{at}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            # It has ended meanwhile.
            pass
    return found


def cpu_of_tree(pid):
    ticks = 0
    for at in tree(pid):
        try:
            fields = pathlib.Path(f"/proc/{at}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # Its own, user's and system's; and of children that it has seen the end of.
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_of_tree(pid):
    """Resident memory, in MB; what several of the processes share counts once."""
    total = 0
    for at in tree(pid):
        total += int(re.search(r"^Pss:\s+(\d+) kB$", pathlib.Path(f"/proc/{at}/smaps_rollup").read_text(), re.MULTILINE).group(1))
    return total * 1024 / 1e6
