"""Touching a page of Streamlit at the moments it can be touched.

Leaving a box or touching a choice starts a run on the server, and its answer draws the page anew. A touch
meanwhile may land on what is being replaced. So whoever touches waits until the browser owes the server
nothing, the server owes the browser nothing, and nothing moves: `settled`.
"""

from collections.abc import Iterable, Mapping
from itertools import count
from weakref import WeakSet

from playwright.sync_api import BrowserContext, Locator, Page, TimeoutError

DRAWN_WITHIN_MS = 30_000
_QUIET_FRAMES = 3
_turns = count(1)
_in_front: WeakSet[Page] = WeakSet()
# An open list of choices closes when its box is left.
_BOX = 'textarea, input:not([role="combobox"], [type="radio"], [type="checkbox"])'
_LEAVE = """kind => {
  const within = document.activeElement?.matches(kind);
  if (within) document.activeElement.blur();
  return !within && !!window.vigilStillRests?.();
}"""

# Streamlit's messages are protobuf: BackMsg.rerun_script is field 11, ForwardMsg.script_finished is field 6,
# whose value 2 says that another run follows at once; tests/house/test_settled.py compares the numbers.
WATCH = """(() => {
  const RERUN_SCRIPT = 11, SCRIPT_FINISHED = 6, EARLY_FOR_RERUN = 2;
  const seen = {
    owed: false, answered: false, changed: false, leaving: false, turn: 0, quiet: 0, rests: false,
  };
  window.vigilSeen = seen;

  function* fields(bytes) {
    let at = 0;
    const number = () => {
      let value = 0, scale = 1, byte;
      do { byte = bytes[at++]; value += (byte & 127) * scale; scale *= 128; } while (byte & 128);
      return value;
    };
    while (at < bytes.length) {
      const tag = number(), kind = tag % 8, field = Math.floor(tag / 8);
      if (kind === 0) yield [field, number()];
      else if (kind === 2) { yield [field, null]; const length = number(); at += length; }
      else at += kind === 1 ? 8 : 4;
    }
  }

  function received(data) {
    if (!(data instanceof ArrayBuffer)) return;
    for (const [field, value] of fields(new Uint8Array(data)))
      if (field === SCRIPT_FINISHED && value !== EARLY_FOR_RERUN) { seen.owed = false; seen.answered = true; }
  }

  function sent(data) {
    if (!ArrayBuffer.isView(data)) return;
    for (const [field] of fields(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)))
      if (field === RERUN_SCRIPT) seen.owed = true;
  }

  window.WebSocket = class extends window.WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', event => received(event.data));
    }
    send(data) {
      sent(data);
      super.send(data);
    }
  };

  // Nothing fades or slides: a fifth of a second for each box that is left adds up to minutes. A duration of
  // almost nothing would let each of a thousand elements begin a transition with every change of its style.
  const still = new CSSStyleSheet();
  still.replaceSync('* { transition: none !important; }');
  document.adoptedStyleSheets = [still];
  // A fold opens within a frame instead of half a second.
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (frames, options) {
    return animate.call(this, frames, { ...options, duration: 1 });
  };

  window.addEventListener('beforeunload', () => { seen.leaving = true; });
  new MutationObserver(() => { seen.changed = true; }).observe(
    document, { subtree: true, childList: true, attributes: true, characterData: true });

  const moves = one => one.playState === 'running' && one.effect.getComputedTiming().iterations !== Infinity;

  function waitsFor() {
    if (seen.leaving) return 'another page';
    if (document.readyState !== 'complete') return 'the document';
    const app = document.querySelector('[data-testid="stApp"]');
    if (!app) return document.getElementById('root') ? 'Streamlit' : '';
    if (seen.owed || !seen.answered) return 'the answer of the server';
    if (app.dataset.testScriptState !== 'notRunning') return 'the end of the run';
    if (app.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')) return 'what is drawn anew';
    return document.getAnimations().some(moves) ? 'what moves' : '';
  }

  window.vigilSettled = (turn, frames) => {
    seen.waitsFor = waitsFor();
    if (seen.turn !== turn || seen.changed || seen.waitsFor) seen.quiet = 0;
    else seen.quiet += 1;
    seen.turn = turn;
    seen.changed = false;
    seen.rests = seen.quiet >= frames;
    return seen.rests;
  };

  // Plotly draws a picture a second time some frames later, without a sign of it in the page.
  const mayDraw = () => !!document.querySelector('.js-plotly-plot');
  window.vigilStillRests = () => seen.rests && !seen.changed && !waitsFor() && !mayDraw();
})()"""


def watch(context: BrowserContext) -> BrowserContext:
    """Let `settled` know what the pages of this browser send and are sent; before the first page opens."""
    context.add_init_script(WATCH)
    context.on("page", _comes_to_the_front)
    return context


def to_the_front(page: Page) -> None:
    """Let the page be drawn at full speed: what lies behind another page gets one frame a second."""
    if page not in _in_front:
        page.bring_to_front()
        _comes_to_the_front(page)


def _comes_to_the_front(page: Page) -> None:
    _in_front.clear()
    _in_front.add(page)


def settled(page: Page) -> None:
    """Wait until no run is asked for or under way, and three frames in a row have changed nothing."""
    to_the_front(page)
    try:
        page.wait_for_function(
            "([turn, frames]) => window.vigilSettled(turn, frames)",
            arg=[next(_turns), _QUIET_FRAMES],
            timeout=DRAWN_WITHIN_MS,
        )
    except TimeoutError as error:
        waits_for = page.evaluate("window.vigilSeen?.waitsFor") or "three frames that change nothing"
        error.add_note(f"The page still waited for: {waits_for}")
        raise


def leave(page: Page) -> None:
    """Leave the box that is being written in, if one is, and wait for what that starts.

    On a page without pictures that has settled and stayed so there is nothing to wait for.
    """
    to_the_front(page)
    if not page.evaluate(_LEAVE, _BOX):
        settled(page)


def fill_form(form: Locator, typed: Mapping[str, str], choices: Iterable[Locator] = ()) -> None:
    """Fill the boxes of a form by their labels and touch its choices, as fast as the browser allows.

    For a form of one button, which tells the server nothing before that is touched.
    """
    leave(form.page)
    for label, text in typed.items():
        form.get_by_label(label, exact=True).fill(text)
    for choice in choices:
        choice.click()
    leave(form.page)


def touch(target: Locator, *, force: bool = False) -> None:
    """Touch a button, a choice, a fold or a link on a page that stands still; on return it does again."""
    leave(target.page)
    target.click(force=force)
    settled(target.page)


def write(box: Locator, text: str) -> None:
    """Put `text` into a box, leave it by Tab, and wait for what that starts."""
    leave(box.page)
    found = box.element_handle()  # looked for once: a label is sought among all elements of the page
    found.fill(text)
    found.press("Tab")
    settled(box.page)
