"""How a mail leaves: over SMTP, one recipient a transaction, or into a maildir where no server is set.

The connection stays open between mails. Nothing is ever sent in the clear to another machine: without
STARTTLS, or with a certificate that does not fit, the mail waits and says why.
"""

import base64
import contextlib
import logging
import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path
from typing import Final, Protocol

from alerts.outbox import Claimed, Outcome, Result
from clock import monotonic
from failpoints import reach
from settings import Settings

TIMEOUT_S: Final = 10.0
AFTER_DOT_S: Final = 30.0
"""How long the reply to the final dot may take: a relay may look for viruses before it answers, and whoever
gives up too early sends the mail again and again (RFC 5321, 4.5.3.2.6)."""

_IDLE_S: Final = 5.0
_log = logging.getLogger(__name__)


class Sender(Protocol):
    """A way out of the building."""

    def send(self, claimed: Claimed) -> Outcome:
        """Hand over one mail. Never raises for what a server or the network does."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def make_sender(settings: Settings) -> Sender:
    """SMTP where SMTP_HOST is set, the maildir otherwise."""
    return SmtpSender(settings) if settings.smtp_host else MaildirSender(settings.mail_dir)


class MaildirSender:
    """Writes each mail into a maildir; the same mail twice is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def send(self, claimed: Claimed) -> Outcome:
        """Write the mail whole, then move it to where mail programs look."""
        draft = self._folder / "tmp" / claimed.uid
        try:
            with draft.open("wb") as file:
                file.write(claimed.message)
                file.flush()
                os.fsync(file.fileno())
            reach("maildir.before_rename")
            draft.replace(self._folder / "new" / claimed.uid)
            reach("maildir.after_rename")
        except OSError as error:
            return Outcome(
                Result.RETRY, f"The mail could not be written to {self._folder}: {error.strerror}."
            )
        return Outcome(Result.SENT, f"Written to {self._folder.name}.")

    def close(self) -> None:
        """Nothing is open."""


class SmtpSender:
    """Sends over one connection, opened when needed, checked after a pause, and opened again when lost."""

    def __init__(
        self,
        settings: Settings,
        *,
        timeout_s: float = TIMEOUT_S,
        after_dot_s: float = AFTER_DOT_S,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._after_dot_s = after_dot_s
        self._tls = tls
        self._open: smtplib.SMTP | None = None
        self._used_at = 0.0

    def send(self, claimed: Claimed) -> Outcome:
        """One SMTP transaction for one recipient."""
        if parseaddr(claimed.address)[1] != claimed.address:
            return Outcome(Result.REFUSED, "The address is not one mail address; correct it in the list.")
        was_open = self._open is not None
        outcome = self._attempt(claimed)
        if outcome is None and was_open:
            # The server had closed the connection while it was idle.
            outcome = self._attempt(claimed)
        self._used_at = monotonic()
        if outcome is None:
            return Outcome(Result.RETRY, "The mail server broke off before it took the mail.")
        return replace(outcome, reply=self._without_password(outcome.reply))

    def _attempt(self, claimed: Claimed) -> Outcome | None:
        """One try; None when the connection was lost before the message was handed over."""
        try:
            connection = self._connection()
        except Exception as error:
            self.close()
            return Outcome(Result.RETRY, _cannot_connect(error))
        try:
            return self._transaction(connection, claimed)
        except (OSError, smtplib.SMTPException) as error:
            _log.info("The mail server broke off: %s", self._without_password(_words(error)))
            self.close()
            return None
        except BaseException:
            self.close()  # nobody knows in which state it is
            raise

    def close(self) -> None:
        """End the connection politely, if there is one."""
        connection, self._open = self._open, None
        if connection is not None:
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                connection.close()

    def _connection(self) -> smtplib.SMTP:
        if self._open is not None and not self._still_there(self._open):
            self._open.close()
            self._open = None
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _still_there(self, connection: smtplib.SMTP) -> bool:
        """RSET also clears whatever a refused mail left behind."""
        if monotonic() - self._used_at < _IDLE_S:
            return True
        return _cleared(connection)

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        host = settings.smtp_host or ""
        domain = settings.smtp_from.rpartition("@")[2]
        connection: smtplib.SMTP
        reach("smtp.before_connect")
        if settings.smtp_security == "tls":
            connection = smtplib.SMTP_SSL(
                host, settings.smtp_port, domain, timeout=self._timeout_s, context=self._tls()
            )
        else:
            connection = smtplib.SMTP(host, settings.smtp_port, domain, timeout=self._timeout_s)
        try:
            if settings.smtp_security == "starttls":
                connection.starttls(context=self._tls())
            connection.ehlo_or_helo_if_needed()
            if settings.smtp_user and settings.smtp_password:
                connection.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except BaseException:
            connection.close()
            raise
        reach("smtp.after_connect")
        return connection

    def _transaction(self, connection: smtplib.SMTP, claimed: Claimed) -> Outcome:
        code, words = connection.mail(self._settings.smtp_from)
        if code != 250:
            # The sender or the sign-in is refused, not this recipient: the setting may be put right.
            return self._refused(connection, code, words, for_good=False)
        reach("smtp.after_mail")
        try:
            code, words = connection.rcpt(claimed.address)
        except UnicodeEncodeError:
            self.close()
            return Outcome(Result.REFUSED, "The address holds letters that no mail address may hold.")
        if code not in (250, 251):
            return self._refused(connection, code, words, for_good=True)
        reach("smtp.after_rcpt")
        code, words = connection.docmd("DATA")
        if code != 354:
            return self._refused(connection, code, words, for_good=True)
        return self._hand_over(connection, claimed.message)

    def _hand_over(self, connection: smtplib.SMTP, message: bytes) -> Outcome:
        """The message and its final dot; from here on a lost connection leaves the result unknown."""
        body = message if message.endswith(b"\r\n") else message + b"\r\n"
        dotted = body.replace(b"\r\n.", b"\r\n..")
        dotted = b"." + dotted if dotted.startswith(b".") else dotted
        reach("smtp.before_dot")
        began = monotonic()
        try:
            connection.send(dotted + b".\r\n")
            reach("smtp.after_dot")
            with _waiting(connection, self._after_dot_s, afterwards_s=self._timeout_s):
                code, words = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return _unknown(f"The connection ended after the mail was sent: {_words(error)}", began)
        if 200 <= code < 300:
            return Outcome(Result.SENT, _reply(code, words))
        if code < 400:
            self.close()
            return _unknown("The mail server's answer to the mail could not be understood.", began)
        return self._refused(connection, code, words, for_good=True)

    def _refused(self, connection: smtplib.SMTP, code: int, words: bytes, *, for_good: bool) -> Outcome:
        if code < 0:
            raise smtplib.SMTPServerDisconnected("no reply")
        if code == 421 or not _cleared(connection):
            self.close()
        signs_in = code in (530, 534, 535, 538)
        result = Result.REFUSED if for_good and code >= 500 and not signs_in else Result.RETRY
        return Outcome(result, _reply(code, words))

    def _without_password(self, text: str) -> str:
        """A server may repeat what it was given; its words go to the log, the database and a page."""
        if self._settings.smtp_password is None:
            return text
        password = self._settings.smtp_password.get_secret_value()
        for given in (password, f"\0{self._settings.smtp_user}\0{password}"):
            coded = base64.b64encode(given.encode()).decode()
            for secret in (given, coded, coded.rstrip("=")):
                text = text.replace(secret, "***")
        return text


@contextlib.contextmanager
def _waiting(connection: smtplib.SMTP, wait_s: float, *, afterwards_s: float) -> Iterator[None]:
    """Another patience for one reply."""
    if connection.sock is not None:
        connection.sock.settimeout(wait_s)
    yield
    if connection.sock is not None:
        connection.sock.settimeout(afterwards_s)


def _unknown(reply: str, began: float) -> Outcome:
    return Outcome(Result.UNKNOWN, reply, waited_s=monotonic() - began)


def _cleared(connection: smtplib.SMTP) -> bool:
    """Whether the connection can take the next mail; a server may refuse a mail and hang up."""
    try:
        return connection.rset()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _cannot_connect(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server does not offer what SMTP_SECURITY or SMTP_USER asks for; nothing was sent."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The mail server's certificate does not fit: {error.verify_message}."
    if isinstance(error, UnicodeEncodeError):
        return "SMTP_USER or SMTP_PASSWORD holds letters that no mail server takes; nothing was sent."
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return (
            f"The mail server refused the sign-in with SMTP_USER: {_reply(error.smtp_code, error.smtp_error)}"
        )
    return f"The mail server cannot be reached: {_words(error)}"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    return f"{str(error) or type(error).__name__}."


def _reply(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    # A server's words go to the database and a page: no control characters, and no endless reply.
    return "".join(sign for sign in f"{code} {text}" if sign.isprintable() or sign == " ")[:500]
