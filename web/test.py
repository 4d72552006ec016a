#!/usr/bin/env python3
"""Draws on the page in a headless Chromium, with a real pointer, and compares its scores with the host's.

    web/build && web/test.py [SCREENSHOT.png]

It needs Debian's chromium and chromium-driver, and only Python's standard library.
"""

import base64
import functools
import http.server
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

WEB = pathlib.Path(__file__).resolve().parent
LIBRARY = WEB.parent / "examples" / "garments"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without logging."""

    def log_message(self, *_):
        pass


class Browser:
    """Chromium, controlled with the W3C's WebDriver protocol."""

    def __init__(self, port, profile):
        self.base = f"http://127.0.0.1:{port}"
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--window-size=960,900",
        ]
        options = {"args": flags, "binary": "/usr/bin/chromium"}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        started = self.send("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.base += f"/session/{started['sessionId']}"

    def send(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def run(self, script):
        return self.send("POST", "/execute/async", {"script": script, "args": []})

    def read(self, expression):
        return self.send("POST", "/execute/sync", {"script": f"return {expression}", "args": []})

    def element(self, selector):
        found = self.send("POST", "/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self.send("POST", f"/element/{self.element(selector)}/click", {})

    def draw(self, selector, line):
        """Presses the mouse button at the first position of `line`, moves along the others, and releases it.

        Positions are fractions of the element's width and height, from 0 to 1."""
        element = self.element(selector)
        box = self.send("GET", f"/element/{element}/rect")

        def move(place):
            # From the middle of the element.
            x, y = (round((part - 0.5) * box[side]) for part, side in zip(place, ["width", "height"]))
            return {"type": "pointerMove", "duration": 20, "origin": {ELEMENT: element}, "x": x, "y": y}

        steps = [move(line[0]), {"type": "pointerDown", "button": 0}]
        steps += [move(place) for place in line[1:]] + [{"type": "pointerUp", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}
        self.send("POST", "/actions", {"actions": [mouse]})

    # The result that the page shows.

    def scores(self):
        """The scores by the names of the garments."""
        rows = self.read(
            "[...document.querySelectorAll('#scores li')].map(row =>"
            " [row.firstChild.textContent, Number(row.querySelector('data').value)])"
        )
        return dict(rows)

    def verdict(self):
        return self.read("document.getElementById('verdict').textContent")

    def picture(self):
        """The gray pixels of the canvas."""
        return bytes(
            self.read(
                "[...document.getElementById('picture').getContext('2d')"
                ".getImageData(0, 0, 28, 28).data].filter((_, place) => place % 4 == 0)"
            )
        )


def single(value):
    """The bits of the nearest `f32`."""
    return struct.pack("<f", value)


def hosts_scores(picture):
    """The scores of gray pixels, computed by the same library on this machine."""
    with tempfile.NamedTemporaryFile(suffix=".pgm") as file:
        file.write(b"P5\n28 28\n255\n" + picture)
        file.flush()
        printed = subprocess.run(
            ["cargo", "run", "--quiet", "--release", "--bin", "once", "--", file.name],
            cwd=LIBRARY, capture_output=True, text=True, check=True,
        ).stdout
    return {name.strip(): float(score) for name, score in (line.rsplit(maxsplit=1) for line in printed.splitlines())}


def check_against_host(browser, what):
    page, host = browser.scores(), hosts_scores(browser.picture())
    assert len(page) == 10 and page.keys() == host.keys(), (page, host)
    for name in page:
        assert single(page[name]) == single(host[name]), f"{what}: {name} is {page[name]}, on the host {host[name]}"


def pixels_of(name):
    return (LIBRARY / "images" / f"{name}.pgm").read_bytes()[-28 * 28 :]


def visit(browser, address):
    browser.send("POST", "/url", {"url": address})
    browser.run(
        "const done = arguments[arguments.length - 1], wait = () =>"
        " document.documentElement.dataset.ready ? done() : setTimeout(wait, 20); wait()"
    )


def trousers():
    """Two legs and a waist, as one line that can be drawn by hand."""
    down = lambda x, lean: [(x + lean * part, 0.12 + 0.80 * part) for part in (step / 12 for step in range(13))]
    legs = []
    for x, lean in [(0.39, -0.02), (0.43, -0.03), (0.57, 0.03), (0.61, 0.02)]:
        legs += down(x, lean) + down(x, lean)[::-1]
    waist = [(0.38, 0.10), (0.62, 0.10), (0.62, 0.16), (0.38, 0.16)]
    return waist + legs


def main():
    with tempfile.TemporaryDirectory() as profile:
        files = functools.partial(Quiet, directory=WEB / "dist")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        browser = None
        try:
            # "ChromeDriver was started successfully on port N."
            port = next(line for line in driver.stdout if "successfully on port" in line)
            browser = Browser(port.split()[-1].rstrip("."), profile)
            test(browser, f"http://127.0.0.1:{server.server_port}/")
        finally:
            if browser:
                browser.send("DELETE", "")
            driver.terminate()
            driver.wait()
            server.shutdown()


def test(browser, address):
    visit(browser, address)
    rest = browser.scores()
    assert math.isclose(sum(rest.values()), 1.0, abs_tol=1e-5), rest
    assert browser.verdict() == "nothing yet"
    check_against_host(browser, "the empty picture")
    print("at rest: ten scores, the host's bits")

    for name in ["trouser", "pullover", "dress", "sneaker", "bag", "ankle_boot"]:
        browser.click(f"[data-example={name}]")
        assert browser.picture() == pixels_of(name)
        expected = name.replace("_", " ").capitalize()
        assert browser.verdict() == expected, f"{name}: the page says {browser.verdict()}"
        scores = browser.scores()
        assert max(scores, key=scores.get) == expected
        check_against_host(browser, name)
    print("six test images: correct classes, and the same scores as on the host")

    browser.click("#clear")
    assert browser.scores() == rest and not any(browser.picture())
    print("cleared: the scores are those of the empty picture")

    browser.draw("#picture", [(0.5, 0.2), (0.5, 0.5)])
    first = browser.scores()
    assert first != rest and any(browser.picture())
    browser.draw("#picture", [(0.3, 0.6), (0.7, 0.6)])
    assert browser.scores() != first
    check_against_host(browser, "two strokes")
    print("two strokes of the mouse: the scores changed twice, and are the same as on the host")

    browser.click("#clear")
    browser.draw("#picture", trousers())
    assert browser.verdict() == "Trouser", browser.scores()
    check_against_host(browser, "trousers drawn by mouse")
    print(f"trousers drawn by mouse: {browser.scores()['Trouser']:.1%} Trouser, the same scores as on the host")
    if len(sys.argv) > 1:
        # Wait until the bars have stopped moving.
        browser.run("setTimeout(arguments[arguments.length - 1], 400)")
        pathlib.Path(sys.argv[1]).write_bytes(base64.b64decode(browser.send("GET", "/screenshot")))

    browser.click("#clear")
    assert browser.scores() == rest and browser.verdict() == "nothing yet"
    faults = [entry for entry in browser.send("POST", "/se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]
    assert not faults, faults


if __name__ == "__main__":
    main()
