"""What a function talks to, on loopback: the Lambda Runtime API, and AWS behind TLS. They cost the function as little as
can be: every answer is one write, sent at once (a head sent before its body would wait for a delayed acknowledgement)."""

import hashlib
import json
import queue
import socket
import ssl
import subprocess
import threading
import time
import uuid
from pathlib import Path

SYSTEM_ROOTS = [Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt")]


class Server:
    """HTTP/1.1 with kept connections, a thread for each."""

    def __init__(self, tls=None):
        self.tls = tls
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while request := read_request(stream):
                    status, headers, body = self.answer(*request)
                    head = [f"HTTP/1.1 {status} OK", *(f"{name}: {value}" for name, value in headers.items())]
                    head += [f"content-length: {len(body)}", "", ""]
                    connection.sendall("\r\n".join(head).encode() + body)
        except OSError:  # the other side has gone: its process was ended
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def read_request(stream):
    """Path, headers and body, or nothing at the end of the connection."""
    start = stream.readline()
    if not start:
        return None
    headers = {}
    while line := stream.readline().decode("latin1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int(stream.readline().split(b";")[0], 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    else:
        body = stream.read(int(headers.get("content-length", 0)))
    return start.decode("latin1").split()[1], headers, body


class RuntimeApi(Server):
    """One execution environment, one invocation at a time."""

    def __init__(self):
        self.polls = queue.Queue()  # when the function has asked for the next invocation
        self.events = queue.Queue()
        self.results = queue.Queue()  # (when, kind, body)
        super().__init__()

    def answer(self, path, headers, body):
        now = time.perf_counter()
        if not path.endswith("/invocation/next"):
            kind = "init error" if path.endswith("/init/error") else path.rsplit("/", 1)[1]
            self.results.put((now, kind, body))
            return 202, {"content-type": "application/json"}, b'{"status":"OK"}'
        self.polls.put(now)
        event = self.events.get()
        headers = {
            "content-type": "application/json",
            "lambda-runtime-aws-request-id": str(uuid.uuid4()),
            "lambda-runtime-deadline-ms": str(int(time.time() * 1000) + 10_000),
            "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:receiver",
            "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        }
        return 200, headers, event


class Sqs(Server):
    """A FIFO queue that keeps what is sent."""

    def __init__(self, tls):
        self.messages = []
        super().__init__(tls)

    def answer(self, path, headers, body):
        operation = headers.get("x-amz-target", "").removeprefix("AmazonSQS.")
        if operation == "SendMessage":
            message = json.loads(body)
            self.messages.append(message)
            text = message["MessageBody"].encode()
            answer = {
                "MessageId": str(uuid.uuid4()),
                "MD5OfMessageBody": hashlib.md5(text, usedforsecurity=False).hexdigest(),
                "SequenceNumber": str(10**19 + len(self.messages)),
            }
        elif operation == "GetQueueAttributes":
            answer = {"Attributes": {"FifoQueue": "true", "MaximumMessageSize": "1048576"}}
        else:
            return 400, {"content-type": "application/x-amz-json-1.0"}, b'{"__type":"UnsupportedOperation"}'
        answer_headers = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": str(uuid.uuid4())}
        return 200, answer_headers, json.dumps(answer).encode()


class DynamoDb(Server):
    """A table that keeps what is written. A conditional write is one for an item that does not exist."""

    def __init__(self, tls):
        self.calls, self.items = 0, {}
        super().__init__(tls)

    def answer(self, path, headers, body):
        self.calls += 1
        operation, sent = headers.get("x-amz-target", "").removeprefix("DynamoDB_20120810."), json.loads(body)
        key = json.dumps((sent.get("Key") or sent.get("Item"))["id"])
        answer_headers = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": str(uuid.uuid4())}
        if operation == "PutItem":
            if "ConditionExpression" in sent and key in self.items:
                error = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
                return 400, answer_headers, json.dumps(error).encode()
            self.items[key] = sent["Item"]
        elif operation == "UpdateItem":
            names = sent["ExpressionAttributeNames"]
            for change in sent["UpdateExpression"].removeprefix("SET ").split(","):
                name, _, value = change.partition("=")
                self.items[key][names[name.strip()]] = sent["ExpressionAttributeValues"][value.strip()]
        elif operation == "DeleteItem":
            self.items.pop(key, None)
        else:
            return 400, answer_headers, b'{"__type":"UnknownOperationException"}'
        return 200, answer_headers, b"{}"


class EventBridge(Server):
    """A bus that keeps what is put on it."""

    def __init__(self, tls):
        self.calls, self.entries = 0, []
        super().__init__(tls)

    def answer(self, path, headers, body):
        self.calls += 1
        operation, sent = headers.get("x-amz-target", "").removeprefix("AWSEvents."), json.loads(body)
        answer_headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": str(uuid.uuid4())}
        if operation == "PutEvents":
            self.entries += sent["Entries"]
            ids = [{"EventId": str(uuid.uuid4())} for _ in sent["Entries"]]
            answer = {"FailedEntryCount": 0, "Entries": ids}
        elif operation == "DescribeEventBus":
            answer = {"Name": sent["Name"], "Arn": f"arn:aws:events:us-east-1:123456789012:event-bus/{sent['Name']}"}
        else:
            return 400, answer_headers, b'{"__type":"UnknownOperationException"}'
        return 200, answer_headers, json.dumps(answer).encode()


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
