"""Opens a report in headless Chromium, does with it what a reader does, and prints what came of it as JSON.

Talks to the browser by its DevTools protocol over two pipes, so that nothing but Python and Debian's chromium is needed.

Usage: browser.py REPORT.html [--mail] [--screenshots DIRECTORY]
Exit codes: 0 done, 1 the browser failed, 77 there is no browser.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile


class Browser:
    """One page of one browser."""

    def __init__(self, program, profile):
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        shell = f'exec "$@" 3<&{commands} 4>&{answers}'
        arguments = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
                     "--hide-scrollbars", "--no-first-run", "--force-color-profile=srgb", f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(["bash", "-c", shell, "browser", *arguments], pass_fds=[commands, answers],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(commands)
        os.close(answers)
        self._rest = b""
        self._number = 0
        self.session = None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def _next(self):
        while b"\0" not in self._rest:
            piece = os.read(self._answers, 1 << 20)
            if not piece:
                raise RuntimeError("the browser ended")
            self._rest += piece
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url):
        before = len(self.events)
        self.call("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events[before:]):
            self.events.append(self._next())

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def screen(self, width, height, dark=False, script=True, phone=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)

    def screenshot(self, path):
        picture = self.call("Page.captureScreenshot", format="png")
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    def problems(self):
        """What the console or the policy complained about, and whatever was asked of the network."""
        found = []
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(parameters["exceptionDetails"].get("text", "exception"))
            elif method == "Log.entryAdded":
                found.append(parameters["entry"]["text"])
            elif method == "Runtime.consoleAPICalled":
                found.append(f"console.{parameters['type']}")
            elif method == "Page.javascriptDialogOpening":
                found.append("a dialog was opened")
            elif method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith(("file:", "about:")):
                found.append(f"network: {parameters['request']['url']}")
        return found

    def close(self):
        os.close(self._commands)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


ROWS = "[...document.querySelectorAll('#overview tbody tr')].filter(row => !row.hidden)"
CARDS = "[...document.querySelectorAll('#cards article')].filter(card => !card.hidden)"
NAMES = f"{ROWS}.map(row => row.querySelector('bdi').textContent)"


def set_value(name, value):
    return f"(() => {{ const e = document.getElementById({name!r}); e.value = {json.dumps(value)}; e.dispatchEvent(new Event('input')); }})()"


def read(browser, url):
    """Opens, sorts, filters, searches, changes the theme, as a reader does."""
    browser.screen(1200, 900)
    browser.open(url)
    facts = {"title": browser.run("document.title"), "heading": browser.run("document.querySelector('h1').textContent")}
    facts["names"] = browser.run(NAMES)
    facts["cards"] = browser.run(f"{CARDS}.map(card => card.querySelector('h3 bdi').textContent)")
    facts["elements"] = browser.run("[...new Set([...document.body.querySelectorAll('*')].map(e => e.localName))].sort()")
    facts["handlers"] = browser.run("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on'))")
    facts["untold"] = browser.run(
        "[...document.querySelectorAll('svg:not([aria-hidden])')].filter(s => !s.getAttribute('aria-labelledby')"
        ".split(' ').every(id => document.getElementById(id)?.textContent)).length")
    facts["twice"] = browser.run("(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(e => e.id))")
    facts["wide"] = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    browser.run("document.querySelector('#overview th button').click()")
    facts["by_name"] = browser.run(NAMES)
    facts["cards_by_name"] = browser.run(f"{CARDS}.map(card => card.querySelector('h3 bdi').textContent)")
    facts["aria_sort"] = browser.run("document.querySelector('#overview th').getAttribute('aria-sort')")
    moved = "document.querySelectorAll('#overview th')[3].querySelector('button').click()"
    values = f"{ROWS}.map(row => row.cells[3].dataset.v).filter(v => v !== '').map(Number)"
    browser.run(moved)
    facts["moved_down"] = browser.run(values)
    browser.run(moved)
    facts["moved_up"] = browser.run(values)
    browser.run(set_value("verdict", "drifted"))
    facts["drifted"] = browser.run(f"{ROWS}.map(row => row.dataset.verdict)")
    facts["drifted_cards"] = browser.run(f"{CARDS}.length")
    facts["count"] = browser.run("document.getElementById('count').textContent")
    browser.run(set_value("verdict", ""))
    browser.run(set_value("search", "<SCRIPT>"))
    facts["found"] = browser.run(NAMES)
    browser.run(set_value("search", "no such column"))
    facts["none"] = browser.run("!document.getElementById('none').hidden")
    browser.run(set_value("search", ""))
    facts["ground"] = browser.run("getComputedStyle(document.documentElement).backgroundColor")
    browser.run("document.getElementById('theme').click()")
    facts["ground_toggled"] = browser.run("getComputedStyle(document.documentElement).backgroundColor")
    browser.screen(390, 844, dark=True, phone=True)
    browser.open(url)
    facts["ground_dark"] = browser.run("getComputedStyle(document.documentElement).backgroundColor")
    facts["wide_on_a_phone"] = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    facts["problems"] = browser.problems()
    browser.screen(1200, 900, script=False)
    browser.open(url)
    facts["without_script"] = len(browser.run(NAMES) or [])
    return facts


def read_mail(browser, url, screenshots):
    """Opens the HTML of a mail as a client on a desk and one on a phone show it."""
    facts = {}
    for name, settings in {"desk": {"width": 900, "height": 1000}, "phone": {"width": 390, "height": 1100, "phone": True}}.items():
        browser.screen(script=False, **settings)
        browser.open(url)
        facts[f"wide_on_a_{name}"] = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if screenshots:
            screenshots.mkdir(parents=True, exist_ok=True)
            browser.screenshot(screenshots / f"{name}.png")
    facts["text"] = browser.run("document.body.innerText")
    facts["elements"] = browser.run("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))].sort()")
    facts["bars"] = browser.run(
        "[...document.querySelectorAll('td[bgcolor][height]')].map(e => [e.getAttribute('bgcolor'), Number(e.getAttribute('height')), e.offsetHeight])")
    facts["problems"] = browser.problems()
    return facts


def take_screenshots(browser, url, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name, settings in {
        "light": {"width": 1200, "height": 1400}, "dark": {"width": 1200, "height": 1400, "dark": True},
        "phone": {"width": 390, "height": 1500, "phone": True}, "phone-dark": {"width": 390, "height": 1500, "phone": True, "dark": True},
    }.items():
        browser.screen(**settings)
        browser.open(url)
        browser.screenshot(directory / f"{name}.png")
        browser.run("document.getElementById('cards').scrollIntoView()")
        browser.screenshot(directory / f"{name}-cards.png")
    print_preview(browser, url, directory / "print.png")


def print_preview(browser, url, path):
    """As the first page of print would look, without a viewer of PDF."""
    browser.screen(800, 1100)
    browser.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.open(url)
    browser.screenshot(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--mail", action="store_true", help="it is no report but the HTML of a mail")
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        print("there is no chromium; ops/setup installs it", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            url = options.report.resolve().as_uri()
            if options.mail:
                print(json.dumps(read_mail(browser, url, options.screenshots)))
            elif options.screenshots:
                take_screenshots(browser, url, options.screenshots)
            else:
                print(json.dumps(read(browser, url)))
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
