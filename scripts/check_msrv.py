#!/usr/bin/env python3
"""Checks that no dependency of the published crates requires a newer Rust than `rust-version`."""

import json
import subprocess
import sys


def version(text):
    return tuple(int(part) for part in text.split("-")[0].split("."))


metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--locked"])
)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
wanted = [id for id in metadata["workspace_members"]]
minimum = packages[wanted[0]]["rust_version"]
seen, newer = set(), []
while wanted:
    id = wanted.pop()
    if id in seen:
        continue
    seen.add(id)
    stated = packages[id]["rust_version"]
    if stated and version(stated) > version(minimum):
        newer.append(f"{packages[id]['name']} {packages[id]['version']} needs Rust {stated}")
    for dependency in nodes[id]["deps"]:
        if any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"]):
            wanted.append(dependency["pkg"])
if newer:
    sys.exit(f"rust-version is {minimum}, but\n  " + "\n  ".join(sorted(newer)))
print(f"{len(seen)} packages build with Rust {minimum}")
