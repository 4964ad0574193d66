"""Takes patients off a screen whose sign-in has ended, even when the page cannot hear from the server.

Two nets. A fragment asks the server every half minute over the page's own connection. And because a tablet
that slept comes back with that connection closed, which the gate does not open again for a sign-in that
has ended, a few lines of script ask by themselves when the screen wakes, and lead to the sign-in page.
"""

from typing import Final

import streamlit as st

from pages.parts.access import current_actor

_EVERY_S: Final = 30
# Any part of a page will do: the gate answers 401 to nobody. A network failure is not an answer.
_SCRIPT: Final = """<script>
if (!window.vigilWatch) {
  const look = () => fetch("/_stcore/health", {cache: "no-store"}).then(
    (answer) => { if (answer.status === 401) window.location.reload(); }, () => {});
  window.vigilWatch = setInterval(look, 60000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
}
</script>"""


def keep_watch() -> None:
    """Draw both; the router does this once a run. Nothing of a user's is in the script."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
    _ask_server()


@st.fragment(run_every=_EVERY_S)
def _ask_server() -> None:
    current_actor(touch=False)
