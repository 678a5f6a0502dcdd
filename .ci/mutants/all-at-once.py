#!/usr/bin/env python3
"""Tests all mutants of a package in minutes: compiled once, all of them, behind a switch.

cargo-mutants compiles the library and its test programs anew for each mutant. This asks it for its list alone, writes a
copy of the package in which a function that has mutants chooses by `crate::mutant_id()`, and runs the test programs with
one number after the other in the variable MUTANT, until one of them fails.

    .ci/mutants/all-at-once.py slack-proto              all of slack-proto
    .ci/mutants/all-at-once.py slack-proto wire/ form   only files whose path in src begins so
    .ci/mutants/all-at-once.py slack-transport-curl     the parts of a transport that need no socket
    .ci/mutants/all-at-once.py slack-auth               the rotator and the pace of refreshes

What runs for which package stands in PACKAGES.

What cannot be told in this way stands at the end as "left to cargo mutants": mutants of constants and of constant
functions, and of functions that return an `impl Trait`.
"""

import collections
import concurrent.futures
import dataclasses
import functools
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Two runs at one time need a folder each.
FOLDER = ROOT / os.environ.get("MUTANTS_FOLDER", "target/mutants")
COPY = FOLDER / "tree"
ENV = dict(
    os.environ,
    CARGO_TARGET_DIR=str(FOLDER / "target"),
    CARGO_PROFILE_DEV_DEBUG="0",
    PROPTEST_CASES="16",
    # A case that one mutant fails would be tried of all that follow.
    PROPTEST_DISABLE_FAILURE_PERSISTENCE="1",
    RUST_BACKTRACE="0",
)
SWITCH = """
#[doc(hidden)]
#[must_use]
pub fn mutant_id() -> u32 {
    static ID: std::sync::LazyLock<u32> =
        std::sync::LazyLock::new(|| std::env::var("MUTANT").map_or(0, |id| id.parse().unwrap()));
    *ID
}
"""


@dataclasses.dataclass
class Package:
    """What of a package is tried, and by what."""

    name: str
    folder: str
    # The files meant when none are named, as their paths in src begin.
    files: tuple = ("",)
    options: tuple = ()
    # Which test programs are built.
    programs: tuple = ("--tests",)
    # Test programs that take seconds; they come last, in this order.
    slow: tuple = ()
    # Test programs left out: what they show is not about these files, or takes minutes for each mutant.
    without: tuple = ()
    # Addresses that one test program may take.
    most_bytes: int = 4 << 30
    # What the test programs are told, for instance which tests to pass over.
    arguments: tuple = ()
    # What the test programs find in their surroundings.
    variables: dict = dataclasses.field(default_factory=dict)

    @property
    def src(self):
        return (pathlib.PurePosixPath(self.folder) / "src").as_posix()

    def cargo(self, *command):
        return ["cargo", *command, "-p", self.name, *self.options, "--message-format=json"] + [
            "--config",
            f"profile.dev.package.{self.name}.opt-level=0",
        ]


# The suite starts thousands of threads, each with a stack.
OF_THE_SUITE = 64 << 30
# The suite for stores is tried by stores that are careless, and not by mutants.
OF_THE_STORE = tuple(
    f"{name}.rs"
    for name in "app backend entry error find installations key lease listing lookup memory phase sealing settle".split()
)
PACKAGES = {
    package.name: package
    for package in [
        Package(
            "slack-proto",
            "slack-proto",
            options=("--all-features",),
            slow=("id_token", "canary", "leniency", "memory"),
        ),
        Package("slack-transport", "transport", ("body", "error", "guard", "limits", "transport"), without=("suite",)),
        Package(
            "slack-transport-curl",
            "transport-curl",
            ("builder", "exchange", "failure", "head", "setup"),
            slow=("agent", "conformance"),
            without=("leaks",),
            most_bytes=OF_THE_SUITE,
        ),
        Package(
            "slack-transport-reqwest",
            "transport-reqwest",
            ("builder", "exchange", "failure", "last_url", "surroundings"),
            slow=("conformance",),
            without=("leaks",),
            most_bytes=OF_THE_SUITE,
        ),
        Package("slack-store", "store", OF_THE_STORE, options=("--all-features",), slow=("backends",)),
        # In memory a flush takes no time.
        Package("slack-store-file", "store-file", slow=("suite",), variables={"TMPDIR": "/dev/shm"}),
        Package(
            "slack-auth",
            ".",
            ("rotator", "pace"),
            options=("--all-features",),
            programs=("--lib", "--test", "rotator", "--test", "lifecycle", "--test", "rotator_model"),
            slow=("rotator_model", "lifecycle"),
            variables={"ROTATOR_MODEL_RUNS": "30"},
        ),
    ]
}
# How long a test program may run: so many times as long as without a mutant, and never less than this. What takes longer
# hangs, and was noticed.
TIMES, LEAST_SECONDS = 8, 20
# Mutants that are tried at one time.
JOBS = int(os.environ.get("MUTANTS_JOBS", min(2, os.cpu_count())))


def main(package, wanted):
    package = PACKAGES.get(package) or sys.exit(f"name one of {', '.join(PACKAGES)}")
    shutil.rmtree(COPY, ignore_errors=True)
    ignored = shutil.ignore_patterns("target", ".git", ".cache")
    shutil.copytree(ROOT, COPY, ignore=ignored)
    build_switched_packages_anew(package)
    mutants = listed(package, wanted)
    fate = make_tree_that_compiles(package, mutants)
    programs = build(package)
    to_test = [number for number in mutants if number not in fate]
    limits = {path: measured(package, path) for _, path in programs}
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = pool.map(lambda number: run(package, programs, number, limits), to_test)
        for done, (number, came) in enumerate(zip(to_test, results), 1):
            fate[number] = came
            print(f"{done}/{len(to_test)} {came}: {mutants[number]['name']}", file=sys.stderr, flush=True)
    report(package, mutants, fate)


def build_switched_packages_anew(package):
    """Cargo goes by times, and a package's sources are older than its library that an earlier run filled with mutants."""
    switched = FOLDER / "switched"
    libraries = set(switched.read_text().splitlines()) if switched.exists() else set()
    for library in libraries:
        (COPY / library).touch()
    switched.write_text("\n".join(libraries | {f"{package.src}/lib.rs"}))


def listed(package, wanted):
    command = ["cargo", "mutants", "-p", package.name, "--list", "--json"]
    text = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    within = tuple(f"{package.src}/{path}" for path in wanted or package.files)
    return {number: mutant for number, mutant in enumerate(json.loads(text), 1) if mutant["file"].startswith(within)}


def make_tree_that_compiles(package, mutants):
    """Gives the fate of those mutants that need no test. The compiler names them by the lines where they stand."""
    fate = {}
    while True:
        arms = write_tree(package, mutants, fate)
        # Not `cargo check`: what the library depends on would be compiled for that alone.
        command = package.cargo("build", "--lib")
        check = subprocess.run(command, cwd=COPY, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if check.returncode == 0:
            return fate
        refused = {
            number
            for message in map(json.loads, check.stdout.splitlines())
            if message["reason"] == "compiler-message" and message["message"]["level"] == "error"
            for span in message["message"]["spans"]
            for first, last, number in arms[span["file_name"]]
            if first <= span["line_start"] <= last
        }
        if not refused:
            sys.exit(f"the tree does not compile; see `cargo build -p {package.name}` in {COPY}")
        for number in refused:
            returns_some_type = "impl " in mutants[number]["function"]["return_type"]
            fate[number] = "left" if returns_some_type else "unviable"


def write_tree(package, mutants, fate):
    """Writes the sources with all mutants in them, and gives the lines of each: file to (first, last, number)."""
    arms = collections.defaultdict(list)
    files = collections.defaultdict(list)
    for number, mutant in mutants.items():
        files[mutant["file"]].append((number, mutant))
    for name, its in files.items():
        text = original(name)
        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)

        def at(place):
            return starts[place["line"] - 1] + place["column"] - 1

        bodies = collections.defaultdict(list)
        for number, mutant in its:
            function = mutant.get("function")
            if number in fate:
                continue
            if not function:
                fate[number] = "left"
                continue
            first, end = at(function["span"]["start"]), at(function["span"]["end"])
            begin = body_of(text, first)
            if "#[cfg(not(" in text[:begin].rpartition("\n\n")[2]:
                # It is not compiled: all features are on, and this is Unix.
                fate[number] = "unviable"
                continue
            if re.search(r"\bconst fn\b", text[first:begin]) or at(mutant["span"]["start"]) < begin:
                fate[number] = "left"
                continue
            bodies[begin, end].append((number, mutant))
        written, done = "", 0
        for (begin, end), of_body in sorted(bodies.items()):
            body = text[begin:end]
            numbers = " | ".join(str(number) for number, _ in of_body)
            written += text[done:begin]
            written += f"{{ match crate::mutant_id() {{ __id if !matches!(__id, {numbers}) => {body}\n"
            for number, mutant in of_body:
                start, stop = at(mutant["span"]["start"]), at(mutant["span"]["end"])
                changed = f"{text[begin:start]}{mutant['replacement']} {text[stop:end]}"
                if mutant["genre"] == "FnValue":
                    changed = f"{{ {mutant['replacement']} }}"
                first = written.count("\n") + 1
                written += f"{number} => {changed}\n"
                arms[name].append((first, written.count("\n"), number))
            written += "_ => unreachable!() } }"
            done = end
        (COPY / name).write_text(written + text[done:])
    library = f"{package.src}/lib.rs"
    text = (COPY / library).read_text() if library in files else original(library)
    (COPY / library).write_text(text + SWITCH)
    return arms


@functools.cache
def original(name):
    """Reads a source as it was when the tree was copied; meanwhile somebody may edit it."""
    return (COPY / name).read_text()


def body_of(text, at):
    """Finds the brace at which the body of the function begins."""
    skipped = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\[^']*|[^\\'])'""", re.DOTALL)
    depth = 0
    while depth > 0 or text[at] != "{":
        passed = skipped.match(text, at)
        if passed:
            at = passed.end()
            continue
        depth += (text[at] in "([") - (text[at] in ")]")
        at += 1
    return at


def build(package):
    command = package.cargo("test", *package.programs, "--no-run")
    text = subprocess.run(command, cwd=COPY, env=ENV, check=True, stdout=subprocess.PIPE).stdout
    artifacts = [json.loads(line) for line in text.splitlines()]
    programs = {one["target"]["name"]: one["executable"] for one in artifacts if one.get("executable")}
    its_own = package.name.replace("-", "_")
    chosen = [program for program in programs.items() if program[0] not in package.without]
    slow = {name: place for place, name in enumerate(package.slow, 1)}
    return sorted(chosen, key=lambda program: (slow.get(program[0], 0), program[0] != its_own))


def measured(package, path):
    start = time.monotonic()
    if tested(package, path, 0, 10 * 60) != "missed":
        sys.exit(f"the tests fail without any mutant: {path}")
    return max(LEAST_SECONDS, TIMES * (time.monotonic() - start))


def run(package, programs, number, limits):
    for _, path in programs:
        came = tested(package, path, number, limits[path])
        if came != "missed":
            return came
    return "missed"


def tested(package, path, number, seconds):
    """Runs one test program until its first test fails."""
    command = [path, "--test-threads=2", *package.arguments]
    child = subprocess.Popen(
        command,
        cwd=COPY / package.folder,
        env=dict(ENV, MUTANT=str(number), **package.variables),
        preexec_fn=lambda: limit(package, int(2 * seconds)),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    too_long = threading.Event()

    def stop():
        # With the programs that it has started.
        os.killpg(child.pid, signal.SIGKILL)

    def give_up():
        too_long.set()
        stop()

    timer = threading.Timer(seconds, give_up)
    timer.start()
    with child:
        failed = any(line.startswith(b"test ") and line.rstrip().endswith(b"FAILED") for line in child.stdout)
        if failed:
            stop()
        status = child.wait()
    timer.cancel()
    if failed:
        return "caught"
    if too_long.is_set() or -status in (signal.SIGKILL, signal.SIGXCPU):
        return "timeout"
    return "caught" if status else "missed"


def limit(package, seconds):
    """A mutant may run, and take memory, without end."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (package.most_bytes, package.most_bytes))


def report(package, mutants, fate):
    fates = ["caught", "timeout", "missed", "unviable", "left"]
    table = collections.defaultdict(collections.Counter)
    for number, mutant in mutants.items():
        folder = mutant["file"].removeprefix(f"{package.src}/").split("/")[0]
        table[folder][fate[number]] += 1
    print("| folder or file | mutants |", " | ".join(fates), "|")
    print("|---" * (len(fates) + 2) + "|")
    for folder, counts in sorted(table.items()):
        print(f"| {folder} | {counts.total()} |", " | ".join(str(counts[one]) for one in fates), "|")
    for heading, one in [("missed", "missed"), ("left to cargo mutants", "left")]:
        print(f"\n{heading}:")
        for number, mutant in mutants.items():
            if fate[number] == one:
                print(" ", mutant["name"])
    if "missed" in fate.values():
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:2] or [""], sys.argv[2:])
