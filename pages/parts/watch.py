"""Takes patients off a screen whose sign-in has ended, even when the page cannot hear from the server.

Two nets. The banner asks the server every half minute over the page's own connection. And because a tablet
that slept comes back with that connection closed, which the gate does not open again for a sign-in that
has ended, a few lines of script ask by themselves when the screen wakes, and lead to the sign-in page.
"""

from typing import Final

import streamlit as st

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
    """Draw the script; the router does this once a run. Nothing of a user's is in it."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
