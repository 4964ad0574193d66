"""The committee's pages: server time of each tab, many patients, a click in Chromium, and the overview query.

Server time is measured as in `bench.pages`. A click is measured from the touch of a tab to the frame in
which all its pictures stand, beside a bare `Plotly.react` of the same figures in the same browser. The goal
is for the figures of all tabs together: where a tab holds one small picture, Streamlit's round trip
outweighs the drawing.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from plotly.offline import get_plotlyjs
from sqlalchemy import insert

from bench.empty_page import HOLDS, program_with_empty_pages
from bench.figure import Figure, fastest, ms, slope
from bench.pages import add_old_patients
from bench.server_time import PASSWORD, Cost, Target, in_turns, token_of, vigil_page
from bench.site import open_site
from clock import utc_now
from commands.demo import build_demo
from db.models import Infusion, Patient, PatientDay
from db.queries.committee_courses import load_overview
from db.session import close, reading, writing
from grading.scale import Toxicity
from pages.committee.safety_parts.tabs import TABS
from pages.parts.access import SESSION_COOKIE
from pages.parts.wording import counted
from settings import Settings
from tests.support.browser import DESK, VigilServer, running_server, wait_until_drawn
from tests.support.programs import find_chromium
from tests.support.settled import settled, to_the_front, touch, watch

_DEMO: Final = {"VIGIL_DEMO": "1"}
_DESK: Final[ViewportSize] = {"width": DESK[0], "height": DESK[1]}
_SIGNED_IN: Final = "Signed in as"
_RUNS: Final = 25
_CLICKS: Final = 5
_DAYS: Final = 15
_AT_ONCE: Final = 5000
_REPEATS: Final = 5
_EMPTY, _FEW, _MANY = "empty", "few", "many"


def measure_committee(quick: bool, folder: Path) -> Iterator[Figure]:
    """15 patients, then a thousand (300 when quick); the overview query to 50,000 (5,000 when quick)."""
    site = folder / "committee"
    site.mkdir(parents=True)
    settings = Settings.model_validate(
        {"data_dir": site, "VIGIL_DEMO": True, "database_url": f"sqlite:///{site}/vigil.db"}
    )
    build_demo(settings, utc_now(), password=PASSWORD)
    crowded = folder / "committee-crowded"
    shutil.copytree(site, crowded)
    patients = 300 if quick else 1000
    with running_server(crowded, _DEMO) as server:
        pass  # It knows its database, also once it is closed.
    add_old_patients(server, patients, folder)
    with ExitStack() as servers:
        few = servers.enter_context(running_server(site, _DEMO))
        many = servers.enter_context(running_server(crowded, _DEMO))
        app = program_with_empty_pages(folder / "program")
        empty = servers.enter_context(running_server(site, _DEMO, app=app))
        costs = in_turns(_targets(empty, few, many), runs=_RUNS)
        clicks = list(_measure_clicks(few))
    yield from _beside_empty(costs)
    yield from clicks
    yield from _beside_few(costs, patients)
    yield _measure_overview(quick, folder)


def _targets(empty: VigilServer, few: VigilServer, many: VigilServer) -> dict[tuple[str, str], Target]:
    """Each page with few patients and right after it with many, so that both meet the same machine."""
    pairs = zip(_pages(few).items(), _pages(many).values(), strict=True)
    return {
        ("", _EMPTY): vigil_page(empty, "safety", "", HOLDS, username="committee"),
        **{(name, size): one for (name, a), b in pairs for size, one in ((_FEW, a), (_MANY, b))},
    }


def _pages(server: VigilServer) -> dict[str, Target]:
    tabs = {f"safety page, {tab.words}": ("safety", f"tab={name}") for name, tab in TABS.items()}
    places = {**tabs, "efficacy page": ("efficacy", "")}
    return {
        name: vigil_page(server, page, query, _SIGNED_IN, username="committee")
        for name, (page, query) in places.items()
    }


_Costs = Mapping[tuple[str, str], Cost]


def _beside_empty(costs: _Costs) -> Iterator[Figure]:
    empty = costs["", _EMPTY]
    for (name, size), cost in costs.items():
        if size == _FEW:
            detail = f"{cost}; an empty page with one Plotly figure behind the same gate and router {empty}"
            yield Figure(f"{name}, server time", cost.cpu_s / empty.cpu_s, 4, "x", detail)


def _beside_few(costs: _Costs, patients: int) -> Iterator[Figure]:
    for (name, size), cost in costs.items():
        if size == _MANY:
            few = costs[name, _FEW]
            title = f"{name}, {patients:,} patients beside 15"
            yield Figure(title, cost.cpu_s / few.cpu_s, 1.5, "x", f"{cost}; with 15 {few}")


def _measure_clicks(server: VigilServer) -> Iterator[Figure]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page, bare = _open_safety(browser, server), _open_plotly(browser)
        clicks = {tab.words: _click(page, bare, tab.words) for tab in TABS.values()}
        browser.close()
    drawn, react = sum(one.drawn_s for one in clicks.values()), sum(one.react_s for one in clicks.values())
    detail = f"{ms(drawn)}, bare {ms(react)}: " + "; ".join(f"{words} {one}" for words, one in clicks.items())
    yield Figure("safety page, click to drawn, all tabs", drawn / react, 4, "x", detail)


def _open_safety(browser: Browser, server: VigilServer) -> Page:
    context = browser.new_context(base_url=server.url, viewport=_DESK, color_scheme="light")
    token = token_of(server, "committee")
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": server.url}])
    page = watch(context).new_page()
    page.goto("/safety")
    wait_until_drawn(page)
    return page


def _open_plotly(browser: Browser) -> Page:
    page = browser.new_page(viewport=_DESK)
    page.add_script_tag(content=get_plotlyjs())
    return page


@dataclass(frozen=True, slots=True)
class _Click:
    """One tab: from the touch until its pictures stand, until they rest, and the same figures drawn bare."""

    drawn_s: float
    rests_s: float
    react_s: float
    figures: int

    def __str__(self) -> str:
        pictures = counted(self.figures, "picture", "pictures")
        times = f"{ms(self.drawn_s)} (rests {ms(self.rests_s)}), bare {ms(self.react_s)}"
        return f"{self.drawn_s / self.react_s:.1f} x, {times}, {pictures}"


def _click(page: Page, bare: Page, words: str) -> _Click:
    """The quickest of several clicks, and of several bare draws of the same figures, in turns."""
    turns = [_click_and_react(page, bare, words) for _ in range(_CLICKS)]
    drawn, rests, react = (min(times) / 1000 for times in zip(*(one[:3] for one in turns), strict=True))
    return _Click(drawn, rests, react, turns[-1][3])


def _click_and_react(page: Page, bare: Page, words: str) -> tuple[float, float, float, int]:
    """In milliseconds until the pictures stand, until they rest, and drawn bare; and how many they are."""
    found = _from_another_tab(page, words)
    figures = json.loads(found["figures"])
    to_the_front(bare)
    return found["drawn_ms"], found["rests_ms"], float(bare.evaluate(_REACT, figures)), len(figures)


def _from_another_tab(page: Page, words: str) -> Any:  # noqa: ANN401 - what the browser found
    first, second, *_ = (tab.words for tab in TABS.values())
    touch(page.get_by_role("tab", name=second if words == first else first, exact=True))
    found = page.evaluate(_TOUCH, words)
    settled(page)
    return found


# From the click to the frame in which its last new picture stands. Streamlit draws each a second time as it
# was; "rests" is the frame after that. It looks on until the server has been asked and has answered
# (`vigilSeen` of tests.support.settled) and nothing was drawn for twenty frames.
_TOUCH: Final = """async words => {
  const frame = () => new Promise(requestAnimationFrame);
  const all = () => [...document.querySelectorAll('.js-plotly-plot')];
  const seen = new Set(all()), drawn = [];
  let asked = false, again = false, steady = 0, stands = 0, rests = 0;
  const tab = [...document.querySelectorAll('[role=tab]')].find(one => one.innerText.trim() === words);
  const began = performance.now(), since = () => performance.now() - began;
  tab.click();
  while (steady < 20) {
    await frame();
    if (since() > 20000) throw new Error(`${words}: no picture stood still within 20 s`);
    const fresh = all().filter(one => !seen.has(one) && one.querySelector('.main-svg'));
    for (const graph of fresh) {
      seen.add(graph);
      drawn.push(graph);
      graph.on('plotly_afterplot', () => { again = true; });
    }
    if (fresh.length) stands = since();
    if (fresh.length || again) rests = since();
    asked ||= window.vigilSeen.owed;
    const busy = fresh.length || again || !asked || window.vigilSeen.owed || !drawn.length;
    steady = busy ? 0 : steady + 1;
    again = false;
  }
  const figures = drawn.filter(graph => graph.isConnected).map(
    graph => ({ data: graph.data, layout: graph.layout, width: graph.offsetWidth }));
  return { drawn_ms: stands, rests_ms: rests, figures: JSON.stringify(figures) };
}"""

_REACT: Final = """async figures => {
  const began = performance.now();
  const drawn = [];
  for (const figure of figures) {
    const div = document.createElement('div');
    div.style.width = figure.width + 'px';
    document.body.append(div);
    drawn.push(div);
    await Plotly.react(div, figure.data, figure.layout, { displayModeBar: false });
  }
  await new Promise(requestAnimationFrame);
  const took = performance.now() - began;
  for (const div of drawn) { Plotly.purge(div); div.remove(); }
  return took;
}"""


def _measure_overview(quick: bool, folder: Path) -> Figure:
    sizes = (500, 5000) if quick else (5000, 50_000)
    points = []
    for patients in sizes:
        open_site(folder / f"overview-{patients}")
        _fill(patients)
        up_to = date(2026, 12, 31)
        with reading() as session:
            points.append((float(patients), fastest(partial(load_overview, session, up_to), _REPEATS)))
        close()
    detail = ", ".join(f"{size:,.0f} patients {ms(took)}" for size, took in points)
    return Figure("overview query from patient_day", slope(*points), 1.05, "slope", detail)


def _fill(patients: int) -> None:
    """Patients with one infusion and fifteen days of both toxicities each, straight into the tables."""
    infused_at = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
    for first in range(1, patients + 1, _AT_ONCE):
        ids = range(first, min(first + _AT_ONCE, patients + 1))
        with writing() as session:
            session.execute(insert(Patient), [_patient(one, infused_at) for one in ids])
            session.execute(insert(Infusion), [_infusion(one, infused_at) for one in ids])
            session.execute(insert(PatientDay), [day for one in ids for day in _days(one, infused_at)])


def _patient(number: int, at: datetime) -> dict[str, Any]:
    return {"id": number, "study_code": f"BENCH-{number:06}", "enrolled_at": at}


def _infusion(number: int, at: datetime) -> dict[str, Any]:
    return {"id": number, "patient_id": number, "number": 1, "infused_at": at, "version": 1, "entered_at": at}


def _days(number: int, at: datetime) -> Iterator[dict[str, Any]]:
    for scale in Toxicity:
        for day in range(_DAYS):
            yield {
                "infusion_id": number,
                "scale": scale.value,
                "on_date": (at + timedelta(days=day)).date(),
                "days_since_infusion": day,
                "worst_at_least": (number + day) % 4 if day in range(2, 7) else 0,
                "settled": True,
                "assessments": 6,
            }
