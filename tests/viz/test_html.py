"""`--html`: the file that is written, and a browser that steps through it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from racer.cli import main
from tests.files import change

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`

DEADLINE = 60  # seconds for a condition to come true; a machine under load is slow


# The file


def test_html_writes_one_more_file_and_names_it_first(racer: Run, here: Path) -> None:
    status, out, err = racer("explore", "models.py::reads", "--html")
    assert (status, err) == (0, "")
    assert out.splitlines()[-4:] == [
        "racer-out/reads.html",
        "racer-out/reads.torn.svg",
        "racer-out/reads.torn.dot",
        "racer replay racer-out/reads.torn.json",
    ]
    assert b'id="torn/R2"' in (here / "racer-out" / "reads.html").read_bytes()


def test_a_pass_has_a_page_too(racer: Run, here: Path) -> None:
    words = ("explore", "models.py::reads", "--variant", "once", "--html", "-o", "out")
    status, out, _ = racer(*words)
    assert (status, out.splitlines()[-1]) == (0, "out/reads.variant=once.html")
    text = (here / "out" / "reads.variant=once.html").read_text()
    assert ">PASS</span>" in text
    assert "R=None  W=None" in text


def test_two_runs_write_the_same_bytes(racer: Run, here: Path) -> None:
    files = []
    for _ in range(2):
        racer("explore", "models.py::reads", "--html")
        files.append((here / "racer-out" / "reads.html").read_bytes())
    assert files[0] == files[1]


def test_a_page_that_cannot_be_written_loses_nothing_else(racer: Run, here: Path) -> None:
    (here / "racer-out" / "reads.html").mkdir(parents=True)
    status, out, err = racer("explore", "models.py::reads", "--html")
    assert status == 2
    assert err == "error: cannot write racer-out/reads.html: Is a directory\n"
    assert out.splitlines()[-1] == "racer replay racer-out/reads.torn.json"


def test_a_report_without_a_picture_says_so(
    racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    status, _, err = racer("explore", "models.py::reads", "--html")
    assert status == 2
    assert "there is no graphviz" in err
    assert "There is no picture" in (here / "racer-out" / "reads.html").read_text()


def test_explain_writes_the_page_of_one_witness(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads", "--html")
    witness = "racer-out/reads.torn.json"
    status, plain, _ = racer("explain", witness)
    done = racer("explain", witness, "--html", "one.html")
    assert done == (status, f"{plain}\none.html\n", "")
    text = (here / "one.html").read_text()
    explored = (here / "racer-out" / "reads.html").read_text()
    (told,) = re.findall(r'<section class="witness".*?</section>\n</main>', text, re.DOTALL)
    assert told.removesuffix("\n</main>") in explored  # the steps, states, picture and mail
    assert "1 of 3 interleavings" in text and f"racer replay {witness}" in text
    assert text.partition("<main>")[2].partition("<footer>")[0] in explored  # and all the rest
    racer("explain", witness, "--html", "two.html")
    assert (here / "two.html").read_bytes() == (here / "one.html").read_bytes()


def test_a_page_of_a_witness_claims_no_count_that_may_not_hold(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    raised = 'raise Violation("torn")'
    change(here / "models.py", raised, f"{raised}\n        await x.load()")
    status, _, _ = racer("explain", "racer-out/reads.torn.json", "--html", "one.html")
    text = (here / "one.html").read_text()
    assert status == 0
    assert "interleavings not counted" in text and "of 3 interleavings" not in text
    assert "the scenario behaves otherwise than when this was saved" in text


def test_a_mail_is_a_mail_with_a_page_beside_it(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    words = ("explain", "racer-out/reads.torn.json", "--mail")
    status, out, _ = racer(*words)
    assert racer(*words, "--html", "one.html") == (status, out, "written: one.html\n")
    assert (here / "one.html").is_file()


def test_an_explanation_is_told_though_its_page_cannot_be_written(racer: Run, here: Path) -> None:
    racer("explore", "models.py::reads")
    _, told, _ = racer("explain", "racer-out/reads.torn.json")
    (here / "taken").mkdir()
    status, out, err = racer("explain", "racer-out/reads.torn.json", "--html", "taken")
    assert (status, out, err) == (2, told, "error: cannot write taken: Is a directory\n")


def test_the_longest_witness_of_the_scenarios_stays_far_below_a_megabyte(
    racer: Run, here: Path
) -> None:
    assert racer("explore", "split_race", "--html")[0] == 0
    assert (here / "racer-out" / "split_race.html").stat().st_size < 400_000


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Debian's chromium without a window; it keeps a log of its console and of all requests."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no browser: `apt install chromium chromium-driver`")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1300,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page for split_race without the re-read: 39 steps to the violation."""
    directory = tmp_path_factory.mktemp("html")
    assert (
        main(["explore", "split_race", "--variant", "headonly", "--html", "-o", str(directory)])
        == 0
    )
    return (directory / "split_race.variant=headonly.html").as_uri()


class Page:
    """A page in the browser; what it shows is asked for until it is so."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get("about:blank")  # or a permalink into the same file would not load it
        for log in ("browser", "performance"):
            self.log(log)  # forgets what was logged before
        self.driver.get(address)

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What was logged since it was last asked."""
        return list(self.driver.get_log(kind))  # type: ignore[no-untyped-call]

    def ask(self, script: str) -> Any:
        return self.driver.execute_script(f"return {script}")

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def press(self, *keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(*keys)

    def until(self, question: Callable[[], Any], answer: Any) -> None:
        got: list[Any] = [None]

        def answered(_: webdriver.Chrome) -> bool:
            got[0] = question()
            return bool(got[0] == answer)

        try:
            WebDriverWait(self.driver, DEADLINE).until(answered)
        except Exception as error:
            raise AssertionError(f"shows {got[0]!r}, not {answer!r}") from error

    def shows(self, step: str) -> None:
        """The step is the current one wherever a step is shown."""
        self.until(lambda: self.ask("document.querySelector('tr.now th').textContent"), step)
        assert self.ask("document.querySelectorAll('tr.now, tr[aria-current]').length") == 1
        when = "before the first step" if step == "start" else f"after {step}"
        assert self.ask("document.querySelector('.when').textContent") == when
        link = self.ask("document.querySelector('.permalink').getAttribute('href')")
        assert link == f"#misclassified/{step}"

    def state(self) -> dict[str, str]:
        """Every cell, by its card and name."""
        found = self.ask(
            "[...document.querySelectorAll('[data-field]')].map((field) => ["
            "field.closest('.card').querySelector('h4').textContent + '/' +"
            "field.querySelector('dt').textContent, field.querySelector('dd').textContent])"
        )
        return dict(found)

    def changed(self) -> list[str]:
        return list(
            self.ask(
                "[...document.querySelectorAll('.changed')].map("
                "(field) => field.textContent.replace(/\\s+/g, ' ').trim())"
            )
        )

    def said(self) -> str:
        return str(self.ask("document.querySelector('.said').textContent"))

    def quiet(self, address: str) -> None:
        """No console message, and no request but the one for the file."""
        assert self.log("browser") == []
        messages = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        requests = [
            each["params"]["request"]["url"]
            for each in messages
            if each["method"] == "Network.requestWillBeSent"
        ]
        assert requests == [address.partition("#")[0]]


@pytest.fixture
def shown(browser: webdriver.Chrome, report: str) -> Page:
    page = Page(browser)
    page.open(report)
    page.shows("start")
    return page


def test_a_click_goes_one_step_and_shows_its_state_and_source(shown: Page, report: str) -> None:
    assert shown.state()["p/flags"] == "order=1"
    shown.click("[data-go=next]")
    shown.shows("C1")
    poisoned = "order=1 \N{RIGHTWARDS ARROW} hwpoison|order=1"
    assert shown.state()["p/flags"] == poisoned
    assert shown.changed() == [f"flags{poisoned}"]
    assert "C1, classify: update p.flags, was order=1" in shown.said()
    assert "await" in shown.ask("document.querySelector('.source .own').textContent")
    callers = shown.ask("[...document.querySelectorAll('.callers li')].map((e) => e.textContent)")
    assert all("await" in caller for caller in callers)
    assert callers[-1].startswith("memory_failure.py:")
    assert callers[-1].endswith("await memory_failure(call, ledger)")
    assert shown.ask("location.hash") == "#misclassified/C1"
    shown.click("[data-go=next]")
    shown.shows("C2")
    assert shown.changed() == []  # a load
    assert shown.state()["p/flags"] == "hwpoison|order=1"
    shown.click("[data-go=previous]")
    shown.shows("C1")
    shown.quiet(report)


def test_keys_go_where_the_buttons_go_and_stop_at_the_ends(shown: Page, report: str) -> None:
    for keys, step in [
        (Keys.ARROW_RIGHT, "C1"),
        ("j", "C2"),
        (Keys.ARROW_LEFT, "C1"),
        ("k", "start"),
        ("k", "start"),
        (Keys.END, "C4"),
        ("j", "C4"),
        (Keys.HOME, "start"),
    ]:
        shown.press(keys)
        shown.shows(step)
    shown.quiet(report)


def test_keys_with_a_modifier_are_left_to_the_browser(shown: Page) -> None:
    shown.press(Keys.CONTROL, "j", Keys.NULL)
    shown.press("j")
    shown.shows("C1")


def test_a_permalink_opens_at_its_step(browser: webdriver.Chrome, report: str) -> None:
    page = Page(browser)
    page.open(f"{report}#misclassified/S10")
    page.shows("S10")
    assert page.changed() == [
        "flagshwpoison \N{RIGHTWARDS ARROW} lru|hwpoison",
        "plimbo \N{RIGHTWARDS ARROW} handlable",
    ]
    assert page.state()["other cells/lru_lock"] == "held by split"
    in_view = (
        "(() => { const list = document.querySelector('.steps').getBoundingClientRect();"
        "const row = document.querySelector('tr.now').getBoundingClientRect();"
        "return row.top >= list.top && row.bottom <= list.bottom"
        "&& row.top >= 0 && row.bottom <= innerHeight; })()"
    )
    page.until(lambda: page.ask(in_view), True)
    page.ask("(location.hash = '#misclassified/A8')")  # as a link on another page of the mail
    page.shows("A8")
    page.quiet(report)


@pytest.mark.parametrize("wrong", ["misclassified/X9", "no-such-label/C1", "%E0%A4%A", "/"])
def test_a_permalink_to_nothing_opens_at_the_start(
    browser: webdriver.Chrome, report: str, wrong: str
) -> None:
    page = Page(browser)
    page.open(f"{report}#{wrong}")
    page.shows("start")
    page.quiet(report)


def test_a_row_a_source_of_a_load_and_a_box_of_the_picture_lead_to_their_step(shown: Page) -> None:
    shown.click("tr[data-step='3'] .does")
    shown.shows("C3")
    shown.click("tr[data-step='2'] .from a")
    shown.shows("C1")
    shown.click(".why a[href$='/C4']")
    shown.shows("C4")
    shown.ask(
        "document.querySelector(`[id^='misclassified:S11..']`).dispatchEvent("
        "new MouseEvent('click', {bubbles: true}))"
    )
    shown.shows("S11")
    assert shown.ask("document.querySelector('g.now').id") == "misclassified:S11..S27"


def test_everything_can_be_reached_with_the_keyboard_alone(shown: Page) -> None:
    shown.ask("document.querySelector('[data-go=previous]').focus()")
    shown.press(Keys.TAB)
    assert shown.ask("document.activeElement.dataset.go") == "next"
    shown.press(Keys.ENTER)
    shown.shows("C1")
    assert shown.ask("document.activeElement.dataset.go") == "next"  # the focus stays
    unnamed = (
        "[...document.querySelectorAll('button, a[href]')].filter("
        "(each) => !(each.textContent.trim() || each.getAttribute('aria-label'))).length"
    )
    assert shown.ask(unnamed) == 0


def test_dark_follows_the_system_until_it_is_chosen(browser: webdriver.Chrome, report: str) -> None:
    page = Page(browser)
    background = "getComputedStyle(document.body).backgroundColor"
    seen = []
    for scheme in ("light", "dark"):
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        page.open(report)
        page.shows("start")
        seen.append(page.ask(background))
    assert seen[0] != seen[1]
    page.click("header button")
    page.until(lambda: page.ask(background), seen[0])
    page.click("header button")
    page.until(lambda: page.ask(background), seen[1])
    page.quiet(report)


@pytest.mark.parametrize("width", [400, 500, 1300])
def test_no_window_needs_sideways_scrolling(
    browser: webdriver.Chrome, report: str, width: int
) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page = Page(browser)
        page.open(f"{report}#misclassified/C4")
        page.shows("C4")
        assert page.ask("document.documentElement.scrollWidth") <= width
        too_wide = (
            "[...document.querySelectorAll('.steps, .wide, .panel')].filter("
            "(each) => each.scrollWidth > each.clientWidth).map((each) => each.className)"
        )
        assert page.ask(too_wide) == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [500, 1300])
def test_wherever_a_step_is_chosen_it_is_shown_without_scrolling(
    browser: webdriver.Chrome, report: str, width: int
) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    seen = (
        "['.said', '.cards-title'].every((each) => {"
        "const box = document.querySelector(each).getBoundingClientRect();"
        "return box.top >= 0 && box.bottom <= innerHeight; })"
    )
    try:
        page = Page(browser)
        page.open(report)
        page.shows("start")
        page.ask("scrollTo(0, 0)")
        page.ask("document.querySelector(\".why a[href$='/C4']\").click()")
        page.shows("C4")
        page.until(lambda: page.ask(seen), True)
        page.ask("scrollTo(0, document.body.scrollHeight)")
        page.until(lambda: page.ask(seen), False)
        page.ask("document.activeElement.blur()")
        page.press(Keys.ARROW_LEFT)
        page.until(lambda: page.ask(seen), True)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_claim_leads_to_the_schedule_that_it_is_about(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    assert main(["explore", "split_race", "--variant", "v10", "--html", "-o", str(tmp_path)]) == 0
    page = Page(browser)
    page.open((tmp_path / "split_race.variant=v10.html").as_uri())
    page.shows("start")
    page.ask("document.querySelector('.claims a').click()")
    page.until(lambda: page.ask("location.hash"), "#misclassified")


# Executions


@pytest.fixture(scope="module")
def of_execution(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page for IRIW under the kernel's model: four threads."""
    directory = tmp_path_factory.mktemp("execution")
    (directory / "iriw.py").write_text(
        '''
from racer import Memory, Program, Thread, scenario

@scenario
def iriw() -> Program:
    """Two readers see two stores in different orders."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)

    async def reads(first, second):
        return await first.load(), await second.load()

    threads = {"R1": Thread(reads, x, y), "R2": Thread(reads, y, x)}
    threads |= {"W1": Thread(x.store, 1), "W2": Thread(y.store, 1)}
    differ = {"differ": lambda state, came: (came["R1"], came["R2"]) != ((1, 0), (1, 0))}
    return Program(memory, threads, finally_=differ)
'''
    )
    words = ["explore", f"{directory / 'iriw.py'}::iriw", "--memory", "lkmm", "--html"]
    assert main([*words, "-o", str(directory)]) == 1
    return (directory / "iriw.memory=lkmm.html").as_uri()


@pytest.mark.parametrize("width", [500, 1300])
def test_the_page_of_an_execution_fits_and_its_steps_are_links(
    browser: webdriver.Chrome, of_execution: str, width: int
) -> None:
    page = Page(browser)
    browser.set_window_size(width, 900)
    page.open(of_execution)
    assert page.ask("document.documentElement.scrollWidth") <= width
    assert page.ask("document.querySelectorAll('table.execution tbody td b').length") == 6
    assert page.ask("document.querySelectorAll('.drawing g.node').length") >= 6
    page.click(".why a")
    assert page.ask("document.querySelector('td:target b').textContent") == "A1"
    assert [each for each in page.log("browser") if each["level"] == "SEVERE"] == []
    browser.set_window_size(1300, 900)
