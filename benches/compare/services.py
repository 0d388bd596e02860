"""What a function talks to, on loopback: the Lambda Runtime API, and AWS behind TLS. They cost the function as little as
can be: every answer is one write, sent at once (a head sent before its body would wait for a delayed acknowledgement). All
of a function's servers run in the one thread that waits for it, between two events: threads would wait for each other."""

import contextlib
import hashlib
import json
import random
import re
import selectors
import socket
import ssl
import subprocess
import time
from pathlib import Path

SYSTEM_ROOTS = [Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt")]

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
OPERATION = re.compile(rb"\r\nx-amz-target: *\w+\.(\w+)", re.IGNORECASE)
MOST_AT_ONCE = 1 << 18  # bytes; more than a TLS record, so that none is left in the TLS layer unseen


class Servers:
    """All servers of a function. They do something only while `turn` is called."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()

    def turn(self, at_most_s):
        """Serves whatever has come; whether anything has, in that time."""
        ready = self.selector.select(at_most_s)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


class Server:
    """HTTP/1.1 with kept connections."""

    def __init__(self, servers, tls=None):
        self.selector, self.tls = servers.selector, tls
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)

    def accept(self):
        self.connections += 1
        Connection(self, self.listener.accept()[0])

    def request(self, connection, path, operation, body):
        """Answers at once. `operation` is the AWS API's, if it is named in a header."""
        connection.answer(*self.answer(path, operation, body))


class Connection:
    def __init__(self, server, plain):
        self.server, self.socket, self.received = server, plain, b""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        if server.tls:  # the first reads are the handshake
            self.socket = server.tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        server.selector.register(self.socket, selectors.EVENT_READ, self.read)

    def read(self):
        try:
            some = self.socket.recv(MOST_AT_ONCE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:  # the other side has gone without a word
            some = b""
        if not some:
            self.server.selector.unregister(self.socket)
            self.socket.close()
            return
        self.received += some
        while request := self.next_request():
            self.server.request(self, *request)

    def next_request(self):
        """Path, operation and body, once all of it is there."""
        end = self.received.find(b"\r\n\r\n") + 4
        if end < 4:
            return None
        head = self.received[:end]
        if length := LENGTH.search(head):
            start, end = end, end + int(length[1])
            body = self.received[start:end]
        elif CHUNKED.search(head):
            body, end = unchunked(self.received, end)
        else:
            body = b""
        if end is None or len(self.received) < end:
            return None
        self.received = self.received[end:]
        operation = OPERATION.search(head)
        return head.split(b" ", 2)[1].decode(), operation[1].decode() if operation else "", body

    def answer(self, status, headers, body):
        """The headers are lines."""
        head = f"HTTP/1.1 {status} OK\r\n{headers}content-length: {len(body)}\r\n\r\n"
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):  # it has gone: the next read says so
            self.socket.sendall(head.encode() + body)


def new_id():
    """In the form of a UUID, of which the system is not asked: a million are wanted."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def unchunked(received, at):
    """The body that begins there, and where it ends; that is nowhere if not all of it is there."""
    body = b""
    while (line := received.find(b"\r\n", at)) >= 0:
        size = int(received[at:line].split(b";")[0], 16)
        at = line + 2 + size + 2
        if not size:
            return body, at
        body += received[line + 2 : at - 2]
    return body, None


class RuntimeApi(Server):
    """One execution environment, one invocation at a time."""

    TYPE = "content-type: application/json\r\n"
    HEADERS = (
        f"{TYPE}lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:receiver\r\n"
        "lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1\r\n"
    )

    def __init__(self, servers):
        self.asking = None  # the connection on which the function has asked for the next invocation
        self.result = None  # (when, kind, body)
        super().__init__(servers)

    def request(self, connection, path, operation, body):
        if path.endswith("/invocation/next"):
            self.asking = connection
            return
        kind = "init error" if path.endswith("/init/error") else path.rsplit("/", 1)[1]
        self.result = time.perf_counter(), kind, body
        connection.answer(202, self.TYPE, b'{"status":"OK"}')

    def invoke(self, event):
        """To be called when the function has asked."""
        deadline = f"lambda-runtime-deadline-ms: {int(time.time() * 1000) + 10_000}\r\n"
        connection, self.asking, self.result = self.asking, None, None
        connection.answer(200, f"{self.HEADERS}{deadline}lambda-runtime-aws-request-id: {new_id()}\r\n", event)


class Service(Server):
    """One of AWS. It keeps what is sent to it, until it is told to `forget`."""

    def __init__(self, servers, tls):
        self.calls, self.kept = 0, self.KEEPS()
        super().__init__(servers, tls)

    def answer(self, path, operation, body):
        self.calls += 1
        method = getattr(self, operation, None)
        answer = method(json.loads(body)) if method else {"__type": "UnknownOperationException"}
        status = 400 if "__type" in answer else 200
        headers = f"content-type: {self.TYPE}\r\nx-amzn-requestid: {new_id()}\r\n"
        return status, headers, json.dumps(answer).encode()

    def forget(self):
        self.kept.clear()


class Sqs(Service):
    """A FIFO queue that keeps the messages."""

    KEEPS, TYPE = list, "application/x-amz-json-1.0"

    def SendMessage(self, message):
        self.kept.append(message)
        text = message["MessageBody"].encode()
        return {
            "MessageId": new_id(),
            "MD5OfMessageBody": hashlib.md5(text, usedforsecurity=False).hexdigest(),
            "SequenceNumber": str(10**19 + self.calls),
        }

    def GetQueueAttributes(self, _):
        return {"Attributes": {"FifoQueue": "true", "MaximumMessageSize": "1048576"}}


class DynamoDb(Service):
    """A table that keeps the items by their id. A conditional write is one for an item that does not exist."""

    KEEPS, TYPE = dict, "application/x-amz-json-1.0"

    def PutItem(self, sent):
        id = sent["Item"]["id"]["S"]
        if "ConditionExpression" in sent and id in self.kept:
            return {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
        self.kept[id] = sent["Item"]
        return {}

    def UpdateItem(self, sent):
        item, names = self.kept[sent["Key"]["id"]["S"]], sent["ExpressionAttributeNames"]
        for change in sent["UpdateExpression"].removeprefix("SET ").split(","):
            name, _, value = change.partition("=")
            item[names[name.strip()]] = sent["ExpressionAttributeValues"][value.strip()]
        return {}

    def DeleteItem(self, sent):
        self.kept.pop(sent["Key"]["id"]["S"], None)
        return {}


class EventBridge(Service):
    """A bus that keeps the entries."""

    KEEPS, TYPE = list, "application/x-amz-json-1.1"

    def PutEvents(self, sent):
        self.kept += sent["Entries"]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": new_id()} for _ in sent["Entries"]]}

    def DescribeEventBus(self, sent):
        return {"Name": sent["Name"], "Arn": f"arn:aws:events:us-east-1:123456789012:event-bus/{sent['Name']}"}


class Certificates:
    """A certificate for `localhost`, made in this folder by a CA of its own: `ca`, also in front of the system's roots in
    `bundle`, which is about what a function has to load where its roots are a file."""

    def __init__(self, folder):
        self.ca, self.bundle = folder / "ca.pem", folder / "bundle.pem"
        key, server, server_key = folder / "ca.key", folder / "server.pem", folder / "server.key"
        may_sign = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
        is_server = ["basicConstraints=CA:FALSE", "subjectAltName=DNS:localhost"]
        openssl(key, self.ca, "/CN=mediahook benchmark", may_sign)
        openssl(server_key, server, "/CN=localhost", is_server, ["-CA", self.ca, "-CAkey", key])
        roots = next((path.read_text() for path in SYSTEM_ROOTS if path.exists()), "")
        self.bundle.write_text(self.ca.read_text() + roots)
        self.roots = self.bundle.read_text().count("BEGIN CERTIFICATE")
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(server, server_key)


def openssl(key, certificate, subject, extensions, more=()):
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", key, "-out", certificate, "-subj", subject, *more]
    for extension in extensions:
        command += ["-addext", extension]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"compare: openssl (3.0 or newer) made no certificate: {done.stderr.strip()}")
