"""An SMTP server that can go wrong at any step, in any way, with or without encryption and sign-in."""

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.not_run import not_run
from tests.support.ports import find_free_port
from tests.support.smtp import ACCEPTED, ReceivedMail

USER: Final = "vigil-sender"
PASSWORD: Final = "correct-horse-4711"


class Step(StrEnum):
    """Where it goes wrong; DOT is the reply to the message and its final dot."""

    CONNECT = "CONNECT"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "DOT"


class How(StrEnum):
    """How it goes wrong."""

    FOR_NOW = "4xx"
    FOR_GOOD = "5xx"
    FOR_GOOD_AND_CUT = "5xx and cut"
    SLOW = "no reply"
    CUT = "cut"
    NONSENSE = "no SMTP reply"


REFUSALS: Final = {
    How.FOR_NOW: "451 4.3.0 try again later",
    How.FOR_GOOD: "554 5.7.1 refused by policy",
    How.FOR_GOOD_AND_CUT: "554 5.7.1 refused by policy",
    How.NONSENSE: "Segmentation fault",
}

Plan = Callable[[Step, str], How | str | None]
"""Step and its argument (address, or text of the message for DOT) -> what goes wrong, or a reply line."""


@dataclass
class FaultyServer:
    """The server's address, its faults and what it saw.

    `commands` holds each step a client came to and whether it came over TLS. A message that was cut or
    not answered after the dot counts as received: the sender cannot know.
    """

    port: int
    plan: Plan = lambda step, argument: None
    commands: list[tuple[Step, bool]] = field(default_factory=list)
    received: list[ReceivedMail] = field(default_factory=list)
    _open: set[SMTP] = field(default_factory=set, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def go_wrong(self, at: Step, how: How | str, *, only: str = "") -> None:
        """From now on at this step; with `only`, where the argument holds that text."""
        self.plan = lambda step, argument: how if step is at and only in argument else None

    def heal(self) -> None:
        """Behave well again."""
        self.plan = lambda step, argument: None

    def wait_for(self, messages: int, timeout_s: float = 20) -> list[ReceivedMail]:
        """The messages received so far, as soon as there are at least `messages` of them."""
        self.wait_until(lambda: len(self.received) >= messages, timeout_s)
        return self.received[:]

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 20) -> None:
        """Return once `condition` holds; it is asked again after every step of every client."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise AssertionError(f"after {timeout_s} s: {len(self.received)} messages, {self.commands}")

    def wait_for_quiet(self, timeout_s: float = 20) -> None:
        """Return once no connection is open: nothing more arrives from a client that was killed."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open, timeout_s):
                raise AssertionError(f"after {timeout_s} s: {len(self._open)} connections are open")

    def came_to(self, step: Step) -> bool:
        """Whether a client ever got as far as this step."""
        return any(seen is step for seen, _ in self.commands)

    def note(self, step: Step, encrypted: bool) -> None:
        """A client came to this step."""
        with self._changed:
            self.commands.append((step, encrypted))
            self._changed.notify_all()

    def count(self, connection: SMTP, *, is_open: bool) -> None:
        """A connection began or ended."""
        with self._changed:
            (self._open.add if is_open else self._open.discard)(connection)
            self._changed.notify_all()

    def keep(self, mail: ReceivedMail) -> None:
        """A message was taken."""
        with self._changed:
            self.received.append(mail)
            self._changed.notify_all()


class _FaultySMTP(SMTP):
    """aiosmtpd's server, asked before each step whether it goes wrong."""

    faults: FaultyServer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.faults.count(self, is_open=True)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.faults.count(self, is_open=False)

    async def _handle_client(self) -> None:
        if not await self._goes_wrong(Step.CONNECT, ""):
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._goes_wrong(Step.EHLO, hostname):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._goes_wrong(Step.STARTTLS, arg or ""):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._goes_wrong(Step.AUTH, arg or ""):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._goes_wrong(Step.MAIL, arg or ""):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._goes_wrong(Step.RCPT, arg or ""):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._goes_wrong(Step.DATA, arg or ""):
            await super().smtp_DATA(arg)

    async def reply_to(self, mail: ReceivedMail) -> str:
        """The reply to a whole message."""
        how = self._noted(Step.DOT, mail.content.decode("utf-8", "replace"))
        if how in (None, How.SLOW, How.CUT, How.NONSENSE):
            self.faults.keep(mail)
        if how in (How.SLOW, How.CUT):
            await self._do(how)
        if how is How.FOR_GOOD_AND_CUT and isinstance(self.transport, asyncio.WriteTransport):
            self.loop.call_soon(self.transport.close)  # once the reply is out
        return ACCEPTED if how is None else _line(how)

    async def _goes_wrong(self, step: Step, argument: str) -> bool:
        return await self._do(self._noted(step, argument))

    def _noted(self, step: Step, argument: str) -> How | str | None:
        encrypted = self._tls_protocol is not None or self._original_transport is not None
        how = self.faults.plan(step, argument)
        self.faults.note(step, encrypted)
        return how

    async def _do(self, how: How | str | None) -> bool:
        if how is None:
            return False
        if how is How.SLOW:
            await asyncio.Event().wait()  # until the client gives up
        elif how is not How.CUT:
            await self.push(_line(how))
        if how in (How.CUT, How.FOR_GOOD_AND_CUT) and isinstance(self.transport, asyncio.WriteTransport):
            self.transport.close() if how is How.FOR_GOOD_AND_CUT else self.transport.abort()
        return True


def _line(how: How | str) -> str:
    return REFUSALS.get(how, "") if isinstance(how, How) else how


class _Handler:
    """aiosmtpd's hook for a whole message."""

    async def handle_DATA(self, server: _FaultySMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        mail = ReceivedMail(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return await server.reply_to(mail)


class _Controller(Controller):
    """Makes our servers."""

    def __init__(self, faults: FaultyServer, **more: Any) -> None:
        super().__init__(_Handler(), hostname="127.0.0.1", port=faults.port, **more)
        self._faults = faults

    def factory(self) -> SMTP:
        made = _FaultySMTP(self.handler, **self.SMTP_kwargs)
        made.faults = self._faults
        return made


@contextmanager
def running_faulty_server(
    *, tls: ssl.SSLContext | None = None, offer_starttls: bool = True, sign_in: bool = True
) -> Iterator[FaultyServer]:
    """A server on a free port of 127.0.0.1; with `tls` it offers STARTTLS and asks for USER and PASSWORD."""
    faults = FaultyServer(find_free_port())
    encrypts = tls is not None and offer_starttls
    controller = _Controller(
        faults,
        tls_context=tls if encrypts else None,
        require_starttls=encrypts,
        auth_required=sign_in and encrypts,
        auth_require_tls=True,
        authenticator=lambda server, session, envelope, mechanism, given: AuthResult(
            handled=False,  # the server sends the refusal itself
            success=isinstance(given, LoginPassword)
            and (given.login, given.password) == (USER.encode(), PASSWORD.encode()),
        ),
    )
    controller.start()
    try:
        yield faults
    finally:
        controller.stop()


def make_certificate(folder: Path, name: str = "IP:127.0.0.1") -> Path:
    """A certificate for `name` that nobody has signed, in a file with its key."""
    openssl = shutil.which("openssl") or not_run("openssl was not found (apt-get install openssl)")
    path = folder / "certificate.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=mail.hospital.org", "-addext", f"subjectAltName={name}"),
            *("-keyout", str(folder / "key.pem"), "-out", str(path)),
        ],
        check=True,
        capture_output=True,
    )
    with path.open("a") as file:
        file.write((folder / "key.pem").read_text())
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    """For a server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def trusting(certificate: Path) -> Callable[[], ssl.SSLContext]:
    """For a client that trusts this certificate, and checks the name in it."""
    return lambda: ssl.create_default_context(cafile=str(certificate))
