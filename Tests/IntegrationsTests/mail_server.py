"""A real SMTP server (aiosmtpd) on 127.0.0.1 and a free port, that keeps each mail as Python's own parser reads it. It prints the port, and ends when its
standard input does.

    mail_server.py DIRECTORY [CERTIFICATE KEY]

With a certificate it demands STARTTLS, then authentication: user kedge, password "let me in". What recipients are called decides: gone@… does not exist, busy@…
has no time, sees-all@… repeats the password. Each mail becomes DIRECTORY/N.json.
"""

import asyncio
import email
import email.policy
import itertools
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

numbers = itertools.count(1)
directory = pathlib.Path(sys.argv[1])


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "gone":
            return "550 5.1.1 there is no such mailbox"
        if name == "busy":
            return "451 4.7.1 greylisted, come again"
        if name == "sees-all":
            return "550 5.1.1 with the password let me in you may not"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        number = next(numbers)
        parts = []
        defects = [repr(d) for d in mail.defects]
        for part in mail.walk():
            defects += [repr(d) for d in part.defects]
            if not part.is_multipart():
                parts.append({"type": part.get_content_type(), "encoding": str(part["content-transfer-encoding"]), "text": part.get_content()})
        for name, value in mail.items():
            defects += [f"{name}: {d!r}" for d in getattr(value, "defects", [])]
        found = {
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None, "user": getattr(session, "kedge_user", None),
            "headers": [[n, str(v)] for n, v in mail.items()], "type": mail.get_content_type(), "parts": parts, "defects": defects,
            "longest": max(len(line) for line in envelope.content.split(b"\r\n")), "bare": envelope.content.replace(b"\r\n", b"").count(b"\n"),
            "from_address": mail["from"].addresses[0].addr_spec, "from_name": mail["from"].addresses[0].display_name,
        }
        hidden = directory / f".{number}.json"
        hidden.write_text(json.dumps(found))
        hidden.rename(directory / f"{number}.json")
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"kedge" and data.password == b"let me in"
    if good:
        session.kedge_user = data.login.decode()
    return AuthResult(success=good, handled=False)


def protocol():
    options = {}
    if len(sys.argv) > 3:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticate}
    return SMTP(Handler(), hostname="localhost", **options)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


asyncio.run(main())
