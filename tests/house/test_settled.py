"""The numbers by which tests/support/settled.py knows Streamlit's messages are those of the installed one."""

import re

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.support import settled


def number(name: str) -> int:
    """The number that the watcher in the browser uses for `name`."""
    found = re.search(rf"\b{name} = (\d+)", settled.WATCH)
    assert found is not None, name
    return int(found[1])


def test_the_watcher_knows_the_messages_of_this_streamlit() -> None:
    asked = BackMsg.DESCRIPTOR.fields_by_name["rerun_script"]
    answered = ForwardMsg.DESCRIPTOR.fields_by_name["script_finished"]
    assert number("RERUN_SCRIPT") == asked.number
    assert number("SCRIPT_FINISHED") == answered.number
    assert number("EARLY_FOR_RERUN") == ForwardMsg.FINISHED_EARLY_FOR_RERUN
    assert asked.message_type is not None
    assert answered.enum_type is not None
