"""What an S3 error Code means for an environment."""

from __future__ import annotations

from envcheck.model.outcome import Observation, broken, not_yet

SERVER_ERROR = 500

_HEALS = {
    "NoSuchBucket": (
        "s3.bucket-missing",
        "there is no such bucket",
        "create it: see how the job or the seed that does so ended",
    ),
    "NoSuchKey": ("s3.object-missing", "there is no such object", "see what should write it"),
    "SlowDown": ("s3.busy", "it asks us to slow down", "see what keeps the server busy"),
    "XMinioServerNotInitialized": (
        "s3.starting-up",
        "it is not initialised yet",
        "wait; its log says which drive or peer is missing",
    ),
}

_STAYS = {
    "SignatureDoesNotMatch": (
        "s3.secret-wrong",
        "it refuses the signature: the secret differs, or a proxy rewrote the Host header",
        "align the secret key; a proxy must pass Host through",
    ),
    "AccessDenied": (
        "s3.denied",
        "the key is known but may not do this",
        "attach a policy that allows it to the key's user",
    ),
    "RequestTimeTooSkewed": (
        "s3.clock-skew",
        "its clock and ours are too far apart",
        "set the clocks right (after sleep, a virtual machine's stands still)",
    ),
    "AuthorizationHeaderMalformed": (
        "s3.region",
        "it belongs to another region",
        "say `region:` as the server is configured",
    ),
    "XMinioStorageFull": ("s3.disk-full", "its disk is full", "free space on the server's drives"),
    "NotImplemented": (
        "s3.not-supported",
        "it does not know this operation",
        "leave this check out for this server, or use another server",
    ),
    "MethodNotAllowed": (
        "s3.not-supported",
        "it does not allow this operation",
        "leave this check out for this server, or use another server",
    ),
}


def code_refused(code: str, status: int, key: str) -> Observation:
    """Judge an error answer. A Code that is a mere number is no Code of S3."""
    evidence = (f"S3 Code {code}, HTTP {status}",)
    if code in _HEALS:
        cause, observed, fix = _HEALS[code]
        return not_yet(observed, cause=cause, fix=fix, evidence=evidence)
    if code == "InvalidAccessKeyId":
        return broken(
            f"it does not know the key id …{key[-4:]}",
            cause="s3.key-unknown",
            fix="align the access key of the client with the server's",
            evidence=evidence,
        )
    if code in _STAYS:
        cause, observed, fix = _STAYS[code]
        return broken(observed, cause=cause, fix=fix, evidence=evidence)
    if status >= SERVER_ERROR:
        return not_yet(
            f"it fails with HTTP {status}",
            cause="s3.failing",
            fix="read the server's log",
            evidence=evidence,
        )
    return _other(code, evidence)


def _other(code: str, evidence: tuple[str, ...]) -> Observation:
    if code.isdigit() or not code:
        return broken(
            "it answers HTTP, but not as S3 does",
            cause="s3.not-s3",
            fix="correct the port: another server answers there",
            evidence=evidence,
        )
    return broken(
        f"it refused the request: {code}",
        cause="s3.refused",
        fix="look the Code up in the server's documentation",
        evidence=evidence,
    )


def silent(address: str) -> Observation:
    return not_yet(
        f"{address} accepts connections but says nothing",
        cause="s3.silent",
        fix="see whether the server hangs, is paused, or still starts behind the open port",
    )


def lost(address: str, detail: str) -> Observation:
    return not_yet(
        f"{address} closed the connection without an answer",
        cause="s3.closes",
        fix="see whether the server listens behind that port, and its log",
        evidence=(detail[:200],),
    )


def garbled(address: str, detail: str = "") -> Observation:
    return broken(
        f"{address} does not speak S3",
        cause="s3.not-s3",
        fix="correct the port: another server answers there",
        evidence=(detail[:200],) if detail else (),
    )
