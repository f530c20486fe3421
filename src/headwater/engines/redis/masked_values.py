"""Redis commands without their values: the command, and of its key the part before the first colon."""

from __future__ import annotations

from headwater.catalog.masked_values import LONGEST_READ, REST, VALUE, MaskedStatement
from headwater.engines.redis.command_text import commands
from headwater.kit.errors import HeadwaterError

_READ_NAMES = """
GET MGET GETRANGE SUBSTR STRLEN EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME KEYS SCAN RANDOMKEY DBSIZE OBJECT DUMP
HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HSCAN HRANDFIELD HTTL LRANGE LINDEX LLEN LPOS SMEMBERS SISMEMBER
SMISMEMBER SCARD SRANDMEMBER SSCAN SINTER SUNION SDIFF SINTERCARD ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE
ZRANGEBYLEX ZREVRANGEBYLEX ZSCORE ZMSCORE ZRANK ZREVRANK ZCARD ZCOUNT ZLEXCOUNT ZSCAN ZRANDMEMBER ZINTER ZUNION ZDIFF
XRANGE XREVRANGE XLEN XREAD XINFO XPENDING BITCOUNT BITPOS GETBIT PFCOUNT GEODIST GEOHASH GEOPOS GEOSEARCH
PING ECHO TIME INFO COMMAND MEMORY LASTSAVE LOLWUT SELECT HELLO
"""
READS = frozenset(_READ_NAMES.split())
_WITH_SUBCOMMAND = frozenset({"OBJECT", "XINFO", "XGROUP", "CONFIG", "CLIENT", "SCRIPT", "FUNCTION", "ACL", "MEMORY"})
# Commands whose first argument is no key.
_WITHOUT_KEY = frozenset({"EVAL", "EVALSHA", "FCALL", "AUTH", "HELLO", "PUBLISH", "SPUBLISH", "ECHO", "MIGRATE"})


def mask_redis(text: str) -> MaskedStatement:
    """Return a command without its values; what is not a command is not shown at all."""
    try:
        command = commands(text[:LONGEST_READ])[0]
    except (HeadwaterError, ValueError):
        return MaskedStatement(REST, "", changes=True)
    words = [word.decode("utf-8", "replace") for word in command.words]
    verb = command.verb if command.verb.isalnum() else REST
    shown, rest = [verb], words[1:]
    if verb in _WITH_SUBCOMMAND and rest and rest[0].isalnum():
        shown.append(rest.pop(0).upper())
    elif rest and verb not in _WITHOUT_KEY:
        shown.append(_key(rest.pop(0)))
    shown += [VALUE] * min(len(rest), 5) + [REST] * (len(rest) > 5)
    return MaskedStatement(" ".join(shown), verb, changes=verb not in READS)


def _key(key: str) -> str:
    beginning, colon, _ = key.partition(":")
    return f"{beginning}:{VALUE}" if colon and beginning.isidentifier() else VALUE
