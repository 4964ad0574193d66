"""A real SMTP server that keeps what it is given and can misbehave at any step."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import find_free_port

Step = Literal["EHLO", "MAIL", "RCPT", "DATA"]
ACCEPTED = "250 2.0.0 Ok: queued"
CUT = "cut"


@dataclass(frozen=True)
class ReceivedMail:
    """One message as the server took it."""

    mail_from: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return message_from_bytes(self.content, _class=EmailMessage, policy=policy.default)


@dataclass
class SmtpServer:
    """The server's address, what it received, and how it should answer.

    `answer` takes the step and its argument (address, or message text for DATA) and gives the reply line,
    `CUT` to drop the connection without one, or None to go on as usual. `delay_s` holds each step back.
    A message whose DATA step is cut counts as received: the sender cannot know.
    """

    port: int
    host: str = "127.0.0.1"
    accounts: dict[str, str] = field(default_factory=dict)
    answer: Callable[[Step, str], str | None] = lambda step, argument: None
    delay_s: dict[Step, float] = field(default_factory=dict)
    received: list[ReceivedMail] = field(default_factory=list)
    attempts: list[tuple[Step, str]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def refuse(self, step: Step, reply: str, *, only: str = "") -> None:
        """Answer `step` with `reply` from now on; with `only`, where the argument holds that text."""
        self.answer = lambda at, argument: reply if at == step and only in argument else None

    def accept_all(self) -> None:
        """Behave well again."""
        self.answer = lambda step, argument: None
        self.delay_s.clear()

    def wait_for(self, messages: int, timeout_s: float = 20) -> list[ReceivedMail]:
        """The messages received so far, as soon as there are at least `messages` of them."""
        return self.wait_until(lambda server: len(server.received) >= messages, timeout_s).received[:]

    def wait_until(self, condition: Callable[["SmtpServer"], bool], timeout_s: float = 20) -> "SmtpServer":
        """Return once `condition` holds; it is asked again after every step of every client."""
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self), timeout_s):
                seen = f"{len(self.received)} messages and these steps: {self.attempts}"
                raise AssertionError(f"after {timeout_s} s the mail server has {seen}")
        return self

    def note(self, step: Step, argument: str, mail: ReceivedMail | None = None) -> None:
        """Keep what a client did and wake who waits for it."""
        with self._changed:
            self.attempts.append((step, argument))
            if mail is not None:
                self.received.append(mail)
            self._changed.notify_all()


class _Handler:
    """aiosmtpd's hooks, which ask the SmtpServer."""

    def __init__(self, state: SmtpServer) -> None:
        self._state = state

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        reply = await self._reply(server, "EHLO", hostname)
        return responses if reply is None else [reply]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._reply(server, "MAIL", address)
        if reply is None:
            envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._reply(server, "RCPT", address)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        mail = ReceivedMail(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        text = content.decode("utf-8", "replace")
        await asyncio.sleep(self._state.delay_s.get("DATA", 0))
        reply = self._state.answer("DATA", text)
        self._state.note("DATA", text, mail if reply in (None, CUT) else None)
        if reply == CUT:
            _cut(server)
        return reply or ACCEPTED

    async def _reply(self, server: SMTP, step: Step, argument: str) -> str | None:
        await asyncio.sleep(self._state.delay_s.get(step, 0))
        reply = self._state.answer(step, argument)
        self._state.note(step, argument)
        if reply == CUT:
            _cut(server)
        return reply


def _cut(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


@contextmanager
def running_smtp_server(
    *,
    security: Literal["none", "starttls", "tls"] = "none",
    tls: ssl.SSLContext | None = None,
    **accounts: str,
) -> Iterator[SmtpServer]:
    """A server on a free port of 127.0.0.1; with accounts (name=password), it asks for one of them."""
    state = SmtpServer(port=find_free_port(), accounts=accounts)
    controller = Controller(
        _Handler(state),
        hostname=state.host,
        port=state.port,
        ssl_context=tls if security == "tls" else None,
        tls_context=tls if security == "starttls" else None,
        require_starttls=security == "starttls",
        auth_required=bool(accounts),
        auth_require_tls=security == "starttls",
        authenticator=lambda server, session, envelope, mechanism, given: AuthResult(
            handled=False,  # the server sends the refusal itself
            success=isinstance(given, LoginPassword)
            and accounts.get(given.login.decode()) == given.password.decode(),
        ),
    )
    controller.start()
    try:
        yield state
    finally:
        controller.stop()
