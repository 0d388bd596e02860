"""Where stacks are deployed: by default to an AWS on loopback, ministack, with what the real one has in front of it (TLS) and
around it (IAM)."""

import contextlib
import http.client
import http.server
import importlib.metadata
import json
import os
import pathlib
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class Failed(Exception):
    """What was expected did not happen."""


class Cloud:
    """What every place has. Use as `with Emulator() as cloud`: whatever it started has ended afterwards."""

    is_aws = False
    region = REGION
    prefix = ""  # of the names of all stacks
    lacks = {}  # parameters for what it cannot create
    tags = ()  # options of `sam deploy`
    endpoint = None  # the services' own

    def __init__(self, build=None):
        """With a folder for what `sam build` makes, if it is to be kept."""
        self._folder = tempfile.TemporaryDirectory(prefix="mediahook-deploy-")
        self.folder = pathlib.Path(self._folder.name)
        self.build = build.absolute() if build else self.folder / "build"
        self.architecture = ARCHITECTURES[platform.machine().lower()]

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def will_remove(self, stack):
        """Of a stack that is about to be created: it must not outlive this run."""

    def will_purge(self, resources):
        """Of resources by type and id that outlive their stack, or have none."""

    def sam(self, command, *arguments, seconds, **variables):
        """Runs the SAM CLI, and all that it starts, for at most so many seconds. A variable that is None is not set."""
        log = self.folder / f"sam-{command}.log"
        environment = {name: value for name, value in (os.environ | variables).items() if value is not None}
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["sam", command, *arguments], cwd=ROOT, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                raise Failed(f"still running after {seconds} s:\n{tail(log)}") from None
            finally:
                end_group(process)
        if status:
            raise Failed(f"exit status {status}:\n{tail(log)}")

    def client(self, service, endpoint=None):
        config = botocore.config.Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 4})
        return boto3.client(service, endpoint_url=endpoint or self.endpoint, config=config)


class Emulator(Cloud):
    """ministack, started for this run and ended with it."""

    # Its CloudFormation has no AWS::Events::Archive: the archive of the bus is the one resource that is not deployed here.
    lacks = {"ArchiveRetentionDays": 0}

    def __init__(self, build=None):
        super().__init__(build)
        self.log = self.folder / "ministack.log"
        self._ministack = None
        self._port = free_port()
        self._front = TlsFront(self._port)
        self.endpoint = f"http://127.0.0.1:{self._front.server_port}"
        self.name = f"ministack {importlib.metadata.version('ministack')} at {self.endpoint}"

    def address(self, domain):
        """Where a request to this host name goes, and its Host header."""
        return self.endpoint, {"Host": domain}

    def plain_endpoint(self, _service=None):
        """Without TLS, as its services see it."""
        return f"http://127.0.0.1:{self._port}"

    @contextlib.contextmanager
    def url_of(self, domain):
        """An address from which every request goes to this host name, for what cannot set a Host header."""
        front = TlsFront(self._port, domain)
        threading.Thread(target=front.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{front.server_port}/"
        finally:
            front.shutdown()
            front.server_close()

    def _start(self):
        self._enter_environment()
        threading.Thread(target=self._front.serve_forever, daemon=True).start()
        # The functions inherit ministack's environment: nothing of the caller's goes into it.
        environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "PATH"}
        environment |= {
            "HOME": self._folder.name,
            "TMPDIR": self._folder.name,
            "GATEWAY_PORT": str(self._port),
            "BIND_HOST": "127.0.0.1",
            # Its MQTT and SFTP listeners would take every address, whatever BIND_HOST says.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # The functions' roles and the queues' policies count, as on AWS. Signatures are not verified.
            "AUTH": "true",
        }
        with self.log.open("wb") as log:
            self._ministack = subprocess.Popen(
                ["ministack"], env=environment, cwd=self.folder, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        wait_until(self._is_ready, 60, lambda: f"ministack is not ready:\n{tail(self.log)}")

    def _enter_environment(self):
        """From here on this process and what it starts know nobody's account, and no endpoint but our own."""
        for name in [name for name in os.environ if name.startswith(("AWS_", "SAM_"))]:
            del os.environ[name]
        sam_home = self.folder / "sam"
        sam_home.mkdir()
        # SAM believes that it has just looked for a newer version, and does not.
        (sam_home / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))
        os.environ |= {
            "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(sam_home),
        }

    def _is_ready(self):
        if self._ministack.poll() is not None:
            raise Failed(f"ministack ended:\n{tail(self.log)}")
        try:
            return http_request(f"{self.plain_endpoint()}/_ministack/ready")[0] == 200
        except OSError:
            return False

    def _stop(self):
        if self._ministack:
            end_group(self._ministack)
        self._front.server_close()
        self._folder.cleanup()

    @contextlib.contextmanager
    def in_region(self, name):
        """What is done in here is done in another region."""
        variables = ("AWS_REGION", "AWS_DEFAULT_REGION")
        os.environ |= dict.fromkeys(variables, name)
        yield
        os.environ |= dict.fromkeys(variables, REGION)


class TlsFront(http.server.ThreadingHTTPServer):
    """Passes requests on as if they had come by TLS.

    The queues refuse all else, and the functions have no way to trust a certificate made for one test.
    """

    daemon_threads = True

    def __init__(self, port, host=None):
        """With the host name that requests are for, if it is not the one in their header."""
        super().__init__(("127.0.0.1", 0), TlsFrontHandler)
        self.target_port, self.host = port, host


class TlsFrontHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target_port, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, self.server.host or value if name.lower() == "host" else value)
            connection.putheader("X-Forwarded-Proto", "https")
            connection.endheaders(body)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        length = len(body) if self.command != "HEAD" else answer.headers.get("Content-Length", 0)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def handle(self):
        with contextlib.suppress(ConnectionError):  # whoever asked is gone, or ministack is
            super().handle()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass_on

    def log_message(self, *_):
        pass


def http_request(url, body=None, headers=None):
    """Status and body of whatever the answer is, 4xx and 5xx included."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def wait_until(condition, seconds, otherwise):
    """Waits for the condition; fails with what `otherwise` says if it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"{otherwise()}, after {seconds} s")
        time.sleep(0.25)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end_group(process):
    """Ends a process that leads a group of its own, with all that it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(5)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue


def tail(path, lines=40):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
