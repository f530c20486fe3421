"""Redis 6 and later, and compatible servers (Valkey)."""

from __future__ import annotations

from headwater.engines import Engine
from headwater.engines.redis.activity import RedisActivity
from headwater.engines.redis.ddl import alter, ddl, quote
from headwater.engines.redis.dialect import DIALECT
from headwater.engines.redis.entries import RedisBrowsing
from headwater.engines.redis.inspect import inspect
from headwater.engines.redis.masked_values import mask_redis
from headwater.engines.redis.provision import RedisProvisioning
from headwater.engines.redis.proxy import RedisProxy
from headwater.engines.redis.secret_arguments import mask_commands
from headwater.engines.redis.session import connect

ENGINE = Engine(
    name="redis",
    display_name="Redis",
    schemes=("redis", "rediss", "valkey"),
    port=6379,
    language="redis",
    dialect=DIALECT,
    connect=connect,
    inspect=inspect,
    ddl=ddl,
    alter=alter,
    quote=quote,
    mask_values=mask_redis,
    mask_secrets=mask_commands,
    activity=RedisActivity(),
    browsing=RedisBrowsing(),
    provisioning=RedisProvisioning(),
    proxy=RedisProxy(),
)
