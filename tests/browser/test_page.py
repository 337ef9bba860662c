"""The report in a real browser: `make browser`, where Chromium and its driver are installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

webdriver: Any = pytest.importorskip("selenium.webdriver")
pytestmark = pytest.mark.browser
PROGRAM = os.environ.get("INSTGEN_BROWSER_BIN", "")
HOSTILE = '</script><img src=x onerror="document.title=1"><b>bold</b>'
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --hide-scrollbars"
)
SIZES = {"desktop": (1200, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 300 tasks, evolved ones with their parents among them, and one that is hostile."""
    folder = tmp_path_factory.mktemp("report")
    rows: list[dict[str, object]] = [
        {"id": f"r{at}", "instruction": f"Write a poem number {at} about rain.", "output": "Drip."} for at in range(300)
    ]
    rows.append({"instruction": "اكتب قصيدة قصيرة عن البحر", "output": "الموج أزرق"})
    step: dict[str, object] = {"command": "evolve", "op": "deepen", "round": 1, "root": "r7", "parents": ["r7"]}
    rows.append(
        {"id": "c7", "instruction": f"Write a long poem about rain. {HOSTILE}", "output": HOSTILE, "origin": [step]}
    )
    data = "".join(json.dumps(row) + "\n" for row in rows)
    page = folder / "report.html"
    (folder / "rows.jsonl").write_text(data)
    program = [f"{PROGRAM}instgen"] if PROGRAM else [sys.executable, "-m", "instgen"]
    command = [*program, "report", "rows.jsonl", "--with-rows", "rows.jsonl", "-o", str(page), "--title", HOSTILE]
    subprocess.run(command, cwd=folder, check=True)
    return page


@pytest.fixture(params=[(size, theme) for size in SIZES for theme in ("light", "dark")], ids="-".join)
def browser(request: pytest.FixtureRequest, report: Path) -> Iterator[Any]:
    """The page, open in each size and theme."""
    size, theme = request.param
    width, height = SIZES[size]
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("INSTGEN_CHROMIUM", "/usr/bin/chromium")
    for argument in [*ARGUMENTS.split(), f"--window-size={width},{height}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(os.environ.get("INSTGEN_CHROMEDRIVER", "/usr/bin/chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )
    driver.get(report.as_uri())
    try:
        yield driver
    finally:
        driver.quit()


def by_id(driver: Any, name: str) -> Any:
    return driver.find_element("id", name)


def listed(driver: Any) -> list[str]:
    return [each.text for each in driver.find_elements("css selector", "#list summary")]


def test_it_opens_in_silence_and_asks_nobody(browser: Any) -> None:
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
    assert all(url == browser.current_url or url.startswith("data:") for url in asked)


def test_nothing_is_wider_than_the_window(browser: Any) -> None:
    width = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width == 0


def test_hostile_text_stays_text(browser: Any) -> None:
    assert browser.title == HOSTILE
    assert browser.find_element("css selector", "h1").text == HOSTILE
    by_id(browser, "search").send_keys("onerror")
    browser.find_element("css selector", "#list summary").click()
    assert HOSTILE in by_id(browser, "list").text
    assert browser.find_elements("css selector", "img, #list b") == []


def test_search_and_pages_work(browser: Any) -> None:
    assert "1 to 20 of 302" in by_id(browser, "where").text
    by_id(browser, "on").click()
    assert "21 to 40" in by_id(browser, "where").text
    by_id(browser, "search").send_keys("number 123 ")
    assert listed(browser) == ["Write a poem number 123 about rain."]
    by_id(browser, "search").send_keys("zebra")
    assert by_id(browser, "where").text == "no matches"


def test_the_keyboard_reaches_what_can_be_used(browser: Any) -> None:
    search = by_id(browser, "search")
    search.send_keys("number 200 ")
    active = search
    for _ in range(3):
        active.send_keys("\ue004")
        active = browser.switch_to.active_element
        if active.tag_name == "summary":
            break
    assert active.tag_name == "summary"
    active.send_keys("\ue007")
    assert "Drip." in by_id(browser, "list").text


def test_a_family_shows_what_was_added(browser: Any) -> None:
    added = [each.text for each in browser.find_elements("css selector", "#chain ins")]
    assert any("long" in text for text in added)


def test_the_theme_can_be_changed(browser: Any) -> None:
    colour = "return getComputedStyle(document.body).backgroundColor"
    before = browser.execute_script(colour)
    by_id(browser, "theme").click()
    assert browser.execute_script(colour) != before


def test_text_from_right_to_left_runs_so(browser: Any) -> None:
    by_id(browser, "search").send_keys("قصيدة")
    browser.find_element("css selector", "#list summary").click()
    directions = (
        "return [...document.querySelectorAll('#list bdi, #list .text')].map(e => getComputedStyle(e).direction)"
    )
    assert set(browser.execute_script(directions)) == {"rtl"}


def test_printed_it_is_dark_on_light(browser: Any) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.execute_script("document.documentElement.dataset.theme = 'dark'")
    ink = browser.execute_script("return getComputedStyle(document.body).color")
    assert ink == "rgb(29, 36, 48)"
