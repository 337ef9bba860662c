"""Both clients keep one contract: each property is asked of either."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

import pytest

from instgen.teachers import transport
from instgen.teachers.http import Poster, Response
from tests.teachers.server import Answer, Request, serving

HEADERS = {"content-type": "application/json"}
ROOT = Path(__file__).parents[2]
Made = Callable[[float], Poster]


@pytest.fixture(params=["instgen.teachers.http_httpx", "instgen.teachers.http_fast"], ids=["httpx", "pyreqwest"])
def client(request: pytest.FixtureRequest) -> Made:
    """What makes a client of either kind."""
    if request.param.endswith("fast"):
        pytest.importorskip("pyreqwest", reason="pyreqwest is not installed (instgen[fast])")
    made: Made = importlib.import_module(request.param).Client
    return made


def posted(made: Made, *answers: Answer, timeout: float = 20.0, times: int = 1) -> list[Response]:
    async def run() -> list[Response]:
        async with serving(answers) as server, aclosing(made(timeout)) as client:
            return [await client.post(f"{server.url}/x", HEADERS, b'{"a": 1}') for _ in range(times)]

    return asyncio.run(run())


def posted_to(made: Made, url: str, headers: Mapping[str, str] = HEADERS, timeout: float = 20.0) -> Response:
    async def run() -> Response:
        async with aclosing(made(timeout)) as client:
            return await client.post(url, headers, b"{}")

    return asyncio.run(run())


def raw(
    made: Made,
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    timeout: float = 20.0,
    tls: ssl.SSLContext | None = None,
) -> Response:
    """The response to a request whose server is written by hand."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run() -> Response:
        server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        async with server, aclosing(made(timeout)) as client:
            return await client.post(f"{'https' if tls else 'http'}://127.0.0.1:{port}/", HEADERS, b"")

    return asyncio.run(run())


@pytest.mark.parametrize("status", [200, 204, 401, 404, 418, 429, 500, 503])
def test_a_response_is_status_headers_and_body(client: Made, status: int) -> None:
    body = b"" if status == 204 else b"tea"
    [response] = posted(client, Answer(status, body, {"X-Pot": "Brown", "Retry-After": "7"}))
    assert (response.status, response.body, response.problem) == (status, body, "")
    assert (response.headers["x-pot"], response.headers["retry-after"]) == ("Brown", "7")


def test_headers_that_occur_twice_are_joined_and_unreadable_ones_do_no_harm(client: Made) -> None:
    wire = b"HTTP/1.1 200 OK\r\nX-L: caf\xe9\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 2\r\n\r\n{}"
    [response] = posted(client, Answer(wire=wire))
    assert (response.status, response.headers["x-two"], response.body) == (200, "1, 2", b"{}")


def test_the_body_and_the_headers_are_sent_as_they_are(client: Made) -> None:
    async def run() -> Request:
        async with serving([Answer()]) as server, aclosing(client(20)) as sender:
            await sender.post(f"{server.url}/x", HEADERS | {"authorization": "Bearer k"}, b'{"a": 1}')
            return server.requests[0]

    request = asyncio.run(run())
    assert request.body == {"a": 1}
    assert (request.headers["authorization"], request.headers["content-type"]) == ("Bearer k", "application/json")
    assert request.headers["user-agent"].startswith("instgen/")


def test_a_packed_body_is_unpacked(client: Made) -> None:
    [response] = posted(client, Answer(body=gzip.compress(b"hello"), headers={"content-encoding": "gzip"}))
    assert response.body == b"hello"


def test_a_redirect_is_not_followed(client: Made) -> None:
    [response] = posted(client, Answer(307, headers={"location": "http://127.0.0.1:9/"}))
    assert (response.status, response.headers["location"]) == (307, "http://127.0.0.1:9/")


def test_a_cookie_is_not_sent_back(client: Made) -> None:
    async def run() -> list[Request]:
        answer = Answer(headers={"set-cookie": "a=b; Path=/"})
        async with serving([answer, answer]) as server, aclosing(client(20)) as sender:
            for _ in range(2):
                await sender.post(f"{server.url}/x", HEADERS, b"{}")
            return server.requests

    assert "cookie" not in asyncio.run(run())[1].headers


def test_a_server_that_says_nothing_is_given_up_after_the_timeout(client: Made) -> None:
    [response] = posted(client, Answer(stall=True), timeout=0.1)
    assert response == Response(0, problem="no answer within 0.1 s", timed_out=True)


def test_a_server_that_falls_silent_in_its_answer_is_given_up_after_the_timeout(client: Made) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await reader.read()

    assert raw(client, half, timeout=0.1) == Response(0, problem="no answer within 0.1 s", timed_out=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops what a full queue of connections does not take")
def test_a_connection_that_nobody_takes_is_a_server_not_reached(client: Made) -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        response = posted_to(client, f"http://127.0.0.1:{deaf.getsockname()[1]}/", timeout=0.2)
    assert response == Response(0, problem="no connection within 0.1 s")


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    ],
)
def test_a_broken_response_is_a_problem_and_no_exception(client: Made, wire: bytes) -> None:
    [response] = posted(client, Answer(wire=wire))
    assert (response.status, response.timed_out) == (0, False)
    assert response.problem.startswith("the connection failed: ")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"], ids=["head", "body"])
def test_a_reset_is_a_problem_and_no_exception(client: Made, said: bytes) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        hard = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)

    response = raw(client, reset)
    assert (response.status, response.timed_out) == (0, False)
    assert response.problem.startswith("the connection failed: ")


def test_nobody_listening_is_told_in_our_own_words(client: Made) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        response = posted_to(client, f"{url}/v1/chat/completions")
    assert response == Response(0, problem=f"cannot connect to {url}: connection refused")


@pytest.mark.parametrize(
    "url", ["", "nothing", "ftp://127.0.0.1/", "http://", "http://[bad/", "http://127.0.0.1:99999/"]
)
def test_an_address_that_is_none_is_a_problem_and_no_exception(client: Made, url: str) -> None:
    response = posted_to(client, url)
    assert response.status == 0
    assert response.problem.startswith("the request cannot be sent: ")


def test_a_header_that_is_none_is_a_problem_that_does_not_show_it(client: Made) -> None:
    response = posted_to(client, "http://127.0.0.1:9/", {"authorization": "Bearer secret\nx: y"})
    assert response.status == 0
    assert "secret" not in response.problem


@pytest.mark.parametrize("packed", [False, True])
def test_an_endless_body_is_cut_off(client: Made, packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_BODY", 2**20)
    body = b"\0" * (2**20 + 1)
    answer = Answer(body=gzip.compress(body), headers={"content-encoding": "gzip"}) if packed else Answer(body=body)
    assert posted(client, answer) == [Response(0, problem="the answer is longer than 1 MiB")]


def test_a_connection_is_used_again(client: Made) -> None:
    [first, second] = posted(client, Answer(body=b"1"), Answer(body=b"2"), times=2)
    assert (first.body, second.body) == (b"1", b"2")


def test_after_a_cut_off_and_a_broken_response_others_come_whole(client: Made) -> None:
    broken = Answer(wire=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    responses = posted(client, Answer(body=b"1"), broken, Answer(body=b"2"), times=3)
    assert [response.body for response in responses] == [b"1", b"", b"2"]


def test_more_than_a_hundred_can_be_in_flight_and_abandoned(client: Made) -> None:
    async def run() -> None:
        all_there, seen = asyncio.Event(), iter(range(149))

        def stall(_: Request) -> Answer:
            if next(seen, None) is None:
                all_there.set()
            return Answer(stall=True)

        async with serving(stall) as server, aclosing(client(20)) as sender:
            posts = [asyncio.create_task(sender.post(f"{server.url}/x", HEADERS, b"{}")) for _ in range(150)]
            await asyncio.wait_for(all_there.wait(), 20)
            for post in posts:
                post.cancel()
            ends = await asyncio.gather(*posts, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ends)

    asyncio.run(run())


def test_many_at_once_each_get_their_own_answer(client: Made) -> None:
    async def run() -> list[Response]:
        def echo(request: Request) -> Answer:
            return Answer(body=str(request.body).encode())

        async with serving(echo) as server, aclosing(client(20)) as sender:
            posts = (sender.post(f"{server.url}/x", HEADERS, str(number).encode()) for number in range(90))
            return await asyncio.gather(*posts)

    assert [response.body for response in asyncio.run(run())] == [str(number).encode() for number in range(90)]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_stands_between_us_and_this_machine(client: Made, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    [response] = posted(client, Answer(body=b"direct"))
    assert response.body == b"direct"


def test_another_machine_is_reached_by_the_proxy_of_the_environment(
    client: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> tuple[Response, str]:
        async with serving([Answer(body=b"by proxy")]) as proxy, aclosing(client(20)) as sender:
            monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
            response = await sender.post("http://teacher.test/v1/x", HEADERS, b"{}")
            return response, proxy.requests[0].path

    response, path = asyncio.run(run())
    assert (response.body, path) == (b"by proxy", "http://teacher.test/v1/x")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: no certificate to be refused")
    folder = tmp_path_factory.mktemp("tls")
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=teacher", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([openssl, *made, *named, *files], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("trusted", [False, True])
def test_a_certificate_is_checked(
    client: Made, trusted: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")

    response = raw(client, hello, tls=context)
    if trusted:
        assert (response.status, response.body) == (200, b"hello")
    else:
        assert (response.status, response.timed_out) == (0, False)
        assert "certificate" in response.problem.lower()


@pytest.mark.parametrize("hidden", [False, True])
def test_only_the_client_that_is_used_is_imported(hidden: bool) -> None:
    if not hidden:
        pytest.importorskip("pyreqwest", reason="pyreqwest is not installed (instgen[fast])")
    program = (
        "import sys\n"
        f"{'sys.modules.update(pyreqwest=None)' if hidden else ''}\n"
        "from instgen.teachers.http import connect\n"
        "print(type(connect(1.0)).__module__, 'httpx' in sys.modules, 'aiohttp' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    name = "http_httpx True True" if hidden else "http_fast False False"
    assert said.split() == f"instgen.teachers.{name}".split()
