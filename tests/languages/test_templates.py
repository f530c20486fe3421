"""Templates: only the code inside them is read, at its own position in the file."""

from __future__ import annotations

from headwater.catalog import facts
from headwater.languages import by_suffix
from headwater.testing.languages import walk

BLADE = """@extends('layout')
{{-- {{ $no->comment }} --}}
@foreach($users as $user)<b>é</b>{{ $user->email }}
  @if ($user->admin && count($x) > 1) {!! $user->name !!} @elseif($b) y @else {{ $c->last }} @endif
@endforeach
@include('row', ['id' => $user->id])
@php $total = $order->total; @endphp
<a href="mailto:a@example.com">@{{ raw.text }}</a>
@forelse ($orders as $o){{ $o->state }}@empty none @endforelse"""


def attributes(path: str, text: str) -> list[str]:
    source = text.encode()
    module = by_suffix()["." + path.rsplit(".", 1)[1]].facts(path, source)
    assert module.errors == 0
    read = [node for node in walk(module.body) if isinstance(node, facts.Attr)]
    assert all(source[node.start : node.end].decode() == node.name for node in read)
    return sorted(node.name for node in read)


def test_blade_echoes_and_directives_are_read():
    expected = ["admin", "email", "id", "last", "name", "state", "total"]
    assert attributes("resources/views/users.blade.php", BLADE) == expected


def test_blade_loops_bind_their_variables():
    (loop, *_) = [s for s in by_suffix()[".php"].facts("a.blade.php", BLADE.encode()).body if isinstance(s, facts.Loop)]
    assert isinstance(loop.target, facts.Name) and loop.target.id == "user"


def test_erb_tags_end_statements():
    assert attributes("a.html.erb", "<%= a.b %><%= c.d -%>\n<%# e.f %><%% g.h %>") == ["b", "d"]


def test_heredocs_of_ruby_and_php_keep_positions():
    ruby = b"q = [<<~A, <<-B]\n  SELECT a\nA\n  SELECT b\nB\n"
    php = b"<?php $q = <<<SQL\n  SELECT {$x}\n    FROM t\n  SQL;"
    for suffix, source in ((".rb", ruby), (".php", php)):
        chunks = [n for n in walk(by_suffix()[suffix].facts("f", source).body) if isinstance(n, facts.Chunk)]
        assert chunks and all(source[chunk.start : chunk.end].decode() == chunk.text for chunk in chunks)
