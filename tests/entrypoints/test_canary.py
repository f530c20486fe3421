"""Unique secrets come in by every way, are used, and are refused; afterwards none is where it is not meant to be."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pyotp
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from clusters import Cluster as Elsewhere
from entrypoints.canary import Canary, encodings, files_with_secrets, processes_with_secrets
from entrypoints.headwater_process import HeadwaterProcess, processes_of, start_headwater
from git_server import GitRepository, http_git_host
from headwater.engines.postgresql.binaries import binaries
from headwater.kit.git_keys import new_key
from headwater.store.cluster import Cluster
from identity_server import identity_server
from mail_server import MailServer
from suite.ports import free_port
from suite.profiles import variants

# Secrets that are meant to be in a file of the home folder, and why.
FILES = {
    ("SMTP password", "headwater.toml"): "the operator's own settings",
    ("OIDC client secret", "headwater.toml"): "the operator's own settings",
    ("password of the store", "store/headwater.password"): "the file that holds it (0600)",
    ("password of the store's owner", "store/postgres.password"): "the file that holds it (0600)",
    ("token key", "token.key"): "the file that holds it (0600)",
    ("envelope key", "envelope.key"): "the file that holds it (0600)",
}
# Programs whose environment may have the token, because the operator has set it there.
OWN_PROGRAMS = re.compile(r"environ of python")
ERRORS_IN_SQL = (
    "ALTER ROLE nobody_at_all PASSWORD '{}'",
    "CREATE ROLE x PASSWORD '{}' NOT_AN_OPTION",
    "CREATE USER MAPPING FOR owner SERVER nowhere OPTIONS (user 'u', password '{}')",
    "SELECT * FROM dblink('host=127.0.0.1 port=1 dbname=x user=u password={}', 'SELECT 1') AS t (x int)",
    "COPY nothing FROM PROGRAM 'curl https://user:{}@example.org/x'",
    "SELECT 1 FROM nothing WHERE 'postgresql://user:{}@db.example.org/x' <> ''",
    "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 password={}' PUBLICATION p",
    "CREATE USER 'someone'@'%' IDENTIFIED BY '{}'",
    "SET PASSWORD FOR someone = PASSWORD('{}')",
    "SELECT pgp_sym_encrypt('x', '{}')",
)
OTHER_ENGINES = {
    "sqlite": ("ATTACH 'file:x?key=1' AS y KEY '{}'", "PRAGMA key = '{}'"),
    "redis": ("AUTH default {}", "ACL SETUSER someone on >{}", "CONFIG SET requirepass {}"),
    "mysql": ("CREATE USER someone IDENTIFIED BY '{}'", "ALTER USER nobody_at_all IDENTIFIED BY '{}'"),
}


@dataclass
class Story:
    """A Headwater in which secrets were planted, its people, and the ids of what they made."""

    canary: Canary
    headwater: HeadwaterProcess
    admin: httpx.Client
    member: httpx.Client
    metrics_token: str
    ids: dict[str, str] = field(default_factory=dict)


class Browser:
    """A client that is signed in; `api` sends what may be refused, `post` what must succeed."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=f"{url}/api/v1", timeout=120)

    def api(self, method: str, path: str, **body: Any) -> Any:
        answer = self.client.request(method, path, json=body)
        return answer.json() if answer.content else {}

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else {}

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    def use(self, token: str) -> None:
        self.client.headers["authorization"] = f"Bearer {token}"

    def job(self, id_: str) -> str:
        deadline = time.monotonic() + 240
        while (state := self.get(f"/jobs/{id_}")["state"]) in {"pending", "running"}:
            assert time.monotonic() < deadline, self.get(f"/jobs/{id_}")
            time.sleep(0.1)
        return str(state)


@contextlib.contextmanager
def mailbox(password: str) -> Iterator[MailServer]:
    """An SMTP server that demands a password, which it refuses for the first mail."""
    attempts: list[str] = []

    def authenticate(*given: Any) -> AuthResult:
        attempts.append(given[-1].password.decode())
        return AuthResult(success=len(attempts) > 1 and attempts[-1] == password)

    port = free_port()
    received = MailServer(f"smtp://mailer:{password.replace('+', '%2B')}@127.0.0.1:{port}")
    options = {"authenticator": authenticate, "auth_require_tls": False}
    controller = Controller(received, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield received
    finally:
        controller.stop()


def token_of_mail(mails: MailServer, address: str) -> str:
    """Wait for a mail with a link to an address, and return the token of it."""
    deadline = time.monotonic() + 60
    while True:
        texts = [mail.get_content() for mail in mails.mails if mail["To"] == address]
        if texts and (match := re.search(r"/[a-z-]+#(\S+)", texts[-1])):
            return match[1]
        assert time.monotonic() < deadline, texts
        time.sleep(0.05)


def accounts(story: Story, admin: Browser, mails: MailServer) -> None:
    """Sign-ups, wrong passwords, second factor, keys, an invitation, and links for new passwords."""
    canary = story.canary
    password = canary.plant("password of the administrator")
    signed_in = admin.post("/auth/signup", email="admin@example.org", password=password, name="Admin")
    admin.use(canary.watch("access token", signed_in["access_token"]))
    canary.watch("refresh token", next(iter(admin.client.cookies.jar)).value or "")
    admin.api("POST", "/auth/login", email="admin@example.org", password=canary.plant("wrong password"))
    admin.api("POST", "/auth/login", email={"x": canary.plant("password in a wrong field")}, password=1)
    admin.api("POST", "/auth/signup", email=canary.plant("password entered as an address"), password=password)
    enrolment = admin.post("/auth/second-factor", password=password)
    canary.watch("TOTP secret", enrolment["secret"])
    code = pyotp.TOTP(enrolment["secret"]).now()
    codes = admin.post("/auth/second-factor/confirmation", code=code)["recovery_codes"]
    canary.watch("recovery code, unused", codes[0])
    canary.watch("recovery code, used", codes[1])
    admin.post("/auth/login", email="admin@example.org", password=password, code=codes[1])
    admin.api("POST", "/auth/login", email="admin@example.org", password=password, code=canary.plant("wrong code"))
    organization = admin.get("/auth/me")["organizations"][0]["id"]
    key = admin.post("/keys", name="first", scopes=["read"])
    canary.watch("API key", key["secret"])
    canary.watch("rotated API key", admin.post(f"/keys/{key['key']['id']}/rotation")["secret"])
    for credential in (key["secret"], key["secret"][:-1] + "x", canary.plant("wrong API key")):
        path = f"/projects?q={credential}"
        admin.client.get(path, headers={"authorization": f"Bearer {credential}"})
    story.ids |= {"organization_id": organization, "user_id": signed_in["user"]["id"]}
    invited = admin.post(f"/organizations/{organization}/invitations", email="member@example.org", role="member")
    canary.watch("invitation", invited["token"])
    join(story, admin, mails, invited["token"])


def join(story: Story, admin: Browser, mails: MailServer, invitation: str) -> None:
    """Sign up by an invitation and a mail, and set the password anew by a link."""
    canary, member = story.canary, Browser(str(admin.client.base_url).removesuffix("/api/v1/"))
    password = canary.plant("password of the member")
    body = {"email": "member@example.org", "password": password, "name": "Member", "invitation": invitation}
    member.post("/auth/signup", **body)  # the mail is refused
    member.post("/auth/signup", **body)
    link = canary.watch("link of a sign-up", token_of_mail(mails, "member@example.org"))
    signed_in = member.post("/auth/signup/confirmation", token=link, password=password)
    reset = admin.post(f"/users/{signed_in['user']['id']}/reset-link")
    canary.watch("link for a new password", reset["token"])
    changed = canary.plant("new password of the member")
    member.api("POST", "/auth/reset", token=canary.plant("wrong link"), password=changed)
    member.post("/auth/reset", token=reset["token"], password=changed)
    again = member.post("/auth/login", email="member@example.org", password=changed)
    member.use(canary.watch("access token of the member", again["access_token"]))
    story.member = member.client


def connections(story: Story, admin: Browser, elsewhere: Elsewhere) -> None:
    """Connections with all kinds of credentials: most are refused, one works."""
    canary, project = story.canary, story.ids["project_id"]
    url, password = elsewhere.clone(), canary.plant("password of a connected database")
    elsewhere.execute(f"CREATE ROLE canary LOGIN SUPERUSER PASSWORD '{password}'")
    host, name = url.partition("@")[2].partition("?")[0].split("/")
    encoded = password.replace("+", "%2B")
    works = f"postgresql://canary:{encoded}@{host}/{name}?tls=disable"
    story.ids["connected"] = admin.post(f"/projects/{project}/connections", name="far", connection={"url": works})["id"]
    wrong = canary.plant("wrong password of a database").replace("+", "%2B")
    pem = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"
    ssh = {"host": "127.0.0.1", "port": 1, "user": "u"}
    refused: list[dict[str, Any]] = [
        {"url": f"postgresql://canary:{wrong}@{host}/{name}?tls=disable"},
        {"url": f"postgresql://canary:{encoded}@127.0.0.1:1/x?tls=disable"},
        {"url": f"postgresql://canary:{encoded}@no-such-host.invalid/x"},
        {"url": f"mysql://root:{canary.plant('MySQL password').replace('+', '%2B')}@127.0.0.1:1/x"},
        {"url": f"mongodb://root:{canary.plant('MongoDB password').replace('+', '%2B')}@127.0.0.1:1/x"},
        {"url": f"redis://:{canary.plant('Redis password').replace('+', '%2B')}@127.0.0.1:1/0"},
        {"url": f"postgresql:/broken:{canary.plant('password in a broken URL')}@x:y:z/"},
        {"url": works, "tls": {"mode": "verify-full", "key": pem.format(canary.plant("client key"))}},
        {"url": works, "ssh": ssh | {"password": canary.plant("SSH password")}},
        {"url": works, "ssh": ssh | {"private_key": pem.format(canary.plant("SSH key")), "passphrase": wrong}},
        {"url": works, "proxy": {"kind": "http", **ssh, "password": canary.plant("password of a proxy")}},
    ]
    for connection in variants(refused, quick=len(refused) - 4):
        admin.api("POST", f"/projects/{project}/connections/test", **connection)
        admin.api("POST", f"/projects/{project}/connections", name="refused", connection=connection)
        admin.api("POST", "/connections/parse", url=connection["url"])


def repositories(story: Story, admin: Browser) -> None:
    """Codebases from git: a token that works, and tokens, keys and passwords that are refused; a webhook."""
    canary, path = story.canary, f"/projects/{story.ids['project_id']}/codebases/git"
    with tempfile.TemporaryDirectory(prefix="hw-canary-git-") as folder, http_git_host(Path(folder)) as host:
        GitRepository.create(Path(folder) / "shop").commit("Schema", schema_dot_sql="CREATE TABLE t (id int);\n")
        host.token, url = canary.plant("token of a repository"), f"{host.url}/shop/.git"
        works = admin.post(path, url=url, credentials={"kind": "token", "token": host.token})
        assert admin.job(works["job"]["id"]) == "completed"
        wrong = {"kind": "token", "token": canary.plant("wrong token of a repository")}
        assert admin.job(admin.post(path, url=url, credentials=wrong)["job"]["id"]) == "failed"
    admin.api(
        "POST", path, url=f"https://x:{canary.plant('password in the address of a repository')}@127.0.0.1:1/x.git"
    )
    key, _ = new_key("canary")
    canary.watch("deploy key", key.splitlines()[2])
    added = admin.post(path, url="ssh://git@127.0.0.1:1/x.git", credentials={"kind": "deploy_key", "private_key": key})
    assert admin.job(added["job"]["id"]) == "failed"
    broken = {"kind": "deploy_key", "private_key": canary.plant("broken deploy key")}
    admin.api("POST", path, url="git@127.0.0.1:x.git", credentials=broken)
    hook = admin.post(f"/codebases/{works['codebase']['id']}/git/webhook")
    headers = {"x-gitlab-token": canary.watch("secret of a webhook", hook["secret"]), "x-gitlab-event": "Push Hook"}
    for token in (hook["secret"], canary.plant("wrong secret of a webhook")):
        body = {"ref": "refs/heads/dev", "after": "f" * 40}
        admin.client.post(hook["url"], json=body, headers=headers | {"x-gitlab-token": token})
    story.ids["codebase_id"] = works["codebase"]["id"]


def databases(story: Story, admin: Browser) -> None:
    """Managed databases: their own password, and secrets inside of statements that fail or run."""
    canary, project = story.canary, story.ids["project_id"]
    for engine in ("postgresql", *variants(tuple(OTHER_ENGINES), quick=1)):
        created = admin.api("POST", f"/projects/{project}/databases?wait=60", name=f"own-{engine}", engine=engine)
        if created.get("state") != "running":  # this machine cannot run one
            assert engine != "postgresql", created
            continue
        story.ids.setdefault("database_id", created["id"])
        if engine != "sqlite":
            shown = admin.post(f"/databases/{created['id']}/credentials")
            canary.watch(f"password of {engine}", shown["password"])
            reset = admin.post(f"/databases/{created['id']}/credentials/reset")
            canary.watch(f"new password of {engine}", reset["password"])
        for number, pattern in enumerate(ERRORS_IN_SQL if engine == "postgresql" else OTHER_ENGINES[engine]):
            statement = pattern.format(canary.plant(f"{engine} statement {number}"))
            for door in ("query", "explain", "check", "export"):
                extra = {"format": "csv"} if door == "export" else {}
                admin.client.post(f"/databases/{created['id']}/{door}", json={"text": statement} | extra)
    for number, pattern in enumerate(ERRORS_IN_SQL):
        statement = pattern.format(canary.plant(f"connected statement {number}"))
        admin.api("POST", f"/databases/{story.ids['connected']}/query", text=statement)


def vaults(story: Story, admin: Browser) -> None:
    """Snapshots in a vault with a passphrase, a bucket that does not answer, and a link to download."""
    canary, organization = story.canary, story.ids["organization_id"]
    database = story.ids["database_id"]
    admin.api(
        "POST", f"/databases/{database}/query", text="CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)"
    )
    taken = admin.post(f"/databases/{database}/snapshots")
    assert admin.job(taken["job"]["id"]) == "completed"
    snapshot = story.ids["snapshot_id"] = taken["id"]
    vault = f"/organizations/{organization}/vault"
    admin.post(f"{vault}/keys", passphrase=canary.plant("passphrase of the vault"))
    key = {"access_key": "access", "secret_key": canary.plant("secret key of a bucket")}
    bucket = {"kind": "s3", "bucket": "nowhere", "endpoint": "http://127.0.0.1:1", **key}
    admin.api("PUT", vault, **bucket)
    admin.api("POST", f"{vault}s", **bucket, passphrase=canary.plant("passphrase of another vault"))
    admin.api("POST", f"{vault}s", kind="local", folder="/nowhere", key=canary.plant("key file of another Headwater"))
    link = admin.post(f"/snapshots/{snapshot}/links", format="csv")
    canary.watch("link to download", link["url"].rstrip("/").rpartition("/")[2])
    for path in (link["url"], link["url"][:-3]):
        admin.client.get(path)
    admin.post(f"/snapshots/{snapshot}/query", text="SELECT * FROM t")
    secret = canary.plant("password in SQL on a snapshot")
    admin.api("POST", f"/snapshots/{snapshot}/query", text=f"CREATE SECRET s (TYPE s3, SECRET '{secret}')")


def crashes(story: Story, admin: Browser) -> None:
    """Kill the worker while it takes a snapshot, and wait until another has ended the job."""
    taken = admin.post(f"/databases/{story.ids['connected']}/snapshots")
    for pid in story.headwater.pids("headwater worker"):
        os.kill(pid, signal.SIGKILL)
    admin.job(taken["job"]["id"])
    story.ids["job_id"] = taken["job"]["id"]


def settings_of(canary: Canary, mails: MailServer, issuer: str) -> str:
    """Return the settings file of the operator."""
    provider = {"id": "corp", "name": "Corp", "issuer": issuer, "client_id": "headwater client"}
    provider["client_secret"] = canary.plant("OIDC client secret")
    lines = [f"{name} = {json.dumps(value)}" for name, value in provider.items()]
    return "\n".join([f"smtp_url = {json.dumps(mails.url)}", "[[oidc_providers]]", *lines, ""])


@pytest.fixture(scope="module")
def story(cluster: Elsewhere) -> Iterator[Story]:
    """Everything that can go in has gone in."""
    canary = Canary()
    with (
        tempfile.TemporaryDirectory(prefix="hw-canary-", ignore_cleanup_errors=True) as folder,
        identity_server() as provider,
        mailbox(canary.plant("SMTP password")) as mails,
    ):
        home = Path(folder)
        home.chmod(0o755)
        (home / "headwater.toml").write_text(settings_of(canary, mails, provider.url))
        variables = {"LOG_LEVEL": "debug", "ALLOW_LOOPBACK": "true", "METRICS_TOKEN": canary.plant("metrics token")}
        with start_headwater(home, **{f"HEADWATER_{name}": value for name, value in variables.items()}) as running:
            admin = Browser(f"http://127.0.0.1:{running.port}")
            story = Story(canary, running, admin.client, admin.client, variables["METRICS_TOKEN"])
            accounts(story, admin, mails)
            story.ids["project_id"] = admin.get("/projects")["items"][0]["id"]
            started = admin.post("/auth/oidc/corp/start")
            admin.api("POST", "/auth/oidc/corp/callback", **provider.authorize(started["url"]))
            connections(story, admin, cluster)
            repositories(story, admin)
            databases(story, admin)
            vaults(story, admin)
            crashes(story, admin)
            watch_files(canary, home)
            yield story
            story.member.close()
            admin.client.close()


def watch_files(canary: Canary, home: Path) -> None:
    """Look for the secrets that are in files of their own, too."""
    names = {"headwater": "password of the store", "postgres": "password of the store's owner"}
    for name, secret in names.items():
        canary.watch(secret, (home / "store" / f"{name}.password").read_text().strip())
    for name in ("token", "envelope"):
        canary.watch(f"{name} key", (home / f"{name}.key").read_text().strip())


def test_a_secret_is_recognised_in_every_form() -> None:
    canary = Canary()
    secret = canary.plant("planted")
    for form in (secret, secret.replace("+", "%2B"), secret.encode().hex(), secret.encode().hex().upper()):
        assert canary.names_in(f"before {form} after".encode()) == {"planted"}
    for before in (b"", b"a", b"ab", b"abc"):
        for after in (b"", b"z", b"zy"):
            assert canary.names_in(base64.b64encode(before + secret.encode() + after)) == {"planted"}
    assert canary.names_in(secret[:-4].encode()) == {"a part of a planted secret"}
    assert not canary.names_in(b"nothing") and len(encodings("ab")) > 4


@pytest.fixture(scope="module")
def file_hits(story: Story) -> set[tuple[str, str]]:
    """The files of the home folder with a secret, once the store has written everything to its files."""
    with psycopg.connect(
        Cluster(story.headwater.home / "store").url("postgres", "headwater"), autocommit=True
    ) as owner:
        owner.execute("CHECKPOINT")
    return files_with_secrets(story.canary, story.headwater.home)


def test_no_file_has_a_secret_that_it_is_not_for(file_hits: set[tuple[str, str]]) -> None:
    assert not file_hits - set(FILES), sorted(file_hits - set(FILES))


def test_files_that_are_for_a_secret_have_it(file_hits: set[tuple[str, str]]) -> None:
    """The search can find something."""
    assert file_hits >= set(FILES)


def dump_of(home: Path) -> bytes:
    """Return all rows of the store as text."""
    command = [binaries() / "pg_dump", "--no-owner", "-d", Cluster(home / "store").url()]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_the_store_has_no_secret_in_the_clear(story: Story) -> None:
    dump = dump_of(story.headwater.home)
    assert b"admin@example.org" in dump
    assert not story.canary.names_in(dump)


def test_no_process_shows_a_secret(story: Story) -> None:
    hits = processes_with_secrets(story.canary, story.headwater.home)
    unexpected = {(name, where) for name, where in hits if name != "metrics token" or not OWN_PROGRAMS.match(where)}
    assert not unexpected, sorted(unexpected)
    assert hits, "the token of the environment can be found"
    assert processes_of(story.headwater.home)


def paths_of(story: Story) -> list[str]:
    """Return the path of every GET of the API, as far as the story has made what it names."""
    document = story.admin.get("/../openapi.json").json()
    paths = []
    for path, operations in document["paths"].items():
        if "get" not in operations or path.endswith("/events"):
            continue
        filled = path.removeprefix("/api/v1")
        for name, value in story.ids.items():
            filled = filled.replace(f"{{{name}}}", value)
        paths += [filled] if "{" not in filled else []
    connected = [path.replace(story.ids["database_id"], story.ids["connected"]) for path in paths]
    return list(dict.fromkeys(paths + connected))


@pytest.mark.parametrize("who", ["admin", "member"])
def test_no_answer_of_the_api_has_a_secret(story: Story, who: str) -> None:
    client: httpx.Client = getattr(story, who)
    hits, statuses = {}, list[int]()
    for path in paths_of(story):
        answer = client.get(path)
        statuses.append(answer.status_code)
        if names := story.canary.names_in(answer.content + str(dict(answer.headers)).encode()):
            hits[path] = names
    assert statuses.count(200) > 30, statuses
    assert max(statuses) < 500
    assert not hits


def test_exports_of_the_audit_log_and_metrics_have_no_secret(story: Story) -> None:
    for form in ("csv", "ndjson"):
        exported = story.admin.get("/audit/export", params={"format": form})
        assert exported.is_success and b"auth.signup" in exported.content
        assert not story.canary.names_in(exported.content)
    url = f"http://127.0.0.1:{story.headwater.port}/metrics"
    metrics = httpx.get(url, headers={"authorization": f"Bearer {story.metrics_token}"}, timeout=60)
    assert metrics.is_success and b"headwater_" in metrics.content
    assert not story.canary.names_in(metrics.content)
