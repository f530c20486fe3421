"""The conformance suite of web frameworks: requirements on every module in `headwater.frameworks`.

Each check takes a framework and raises AssertionError. `CHECKS` lists them; a test runs all of them over
`plugins.load_all("frameworks")`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headwater.frameworks import ANY, METHODS, Framework, Route
from headwater.languages import by_name
from headwater.testing.readers import CodeBase

# Declarations that are broken, empty, circular or hostile, in every language.
HOSTILE = {
    "app/urls.py": (
        "from django.urls import path, include\n"
        "from fastapi import FastAPI, APIRouter\n"
        "from flask import Flask, Blueprint\n"
        "urlpatterns = [path(), path('a'), path('b', include('app.urls')), path('c', nothing.as_view()), "
        "include(urlpatterns)]\n"
        "urlpatterns += urlpatterns\n"
        "r = APIRouter(prefix=r)\n"
        "r.include_router(r, prefix='/r')\n"
        "@r.get()\n"
        "def f(): pass\n"
        "@r.get('/x')\n"
        "@r.route('/y', methods=[])\n"
        "class C: pass\n"
        "app = Flask()\n"
        "bp = Blueprint()\n"
        "bp.register_blueprint(bp)\n"
        "@bp.route('/', methods=x)\ndef g(): return app.get('/')\nrouter.register(r'', C)\n"
    ),
    "config/routes.rb": (
        "Rails.application.routes.draw do\n"
        "  resources\n"
        "  resources :a do\n"
        "    resources :a do\n"
        "      member\n"
        "      get\n"
        "    end\n"
        "  end\n"
        "  get '/x' => 3\n"
        "  match '/y'\n"
        "  concern :c do\n"
        "    concerns :c\n"
        "  end\n"
        "  root\n"
        "  namespace do\n"
        "  end\n"
        "end\n"
    ),
    "app/controllers/a_controller.rb": "class AController < AController\n"
    "  before_action :index, only: x\n"
    "  def index\n"
    "  end\n",
    "src/app.ts": (
        "import express, { Router } from 'express'\n"
        "import { Controller, Get } from '@nestjs/common'\n"
        "const r = Router(), app = express()\n"
        "r.use('/a', r)\n"
        "app.use()\n"
        "app.get('/only')\n"
        "app.get(['/a', /x/], (q, s) => s.end())\n"
        "app.route('/b').get().post(x)\n"
        "@Controller()\n"
        "class A extends A { @Get() @Get('x') a() {} @Get(x) b() {} }\n"
        "export default (app) => { app.get(`/${x}/y`, z) }\n"
        "app.setGlobalPrefix(x)\nfunction f(app) { f(app); app.get('/f', f) }\n"
    ),
    "src/pages/api/[...all].ts": "export default",
    "src/app/api/route.ts": "export const GET = \nexport async function POST(",
    "src/A.java": (
        '@RestController @RequestMapping(value = P + "/a", path = {}) class A extends A implements B, A {\n'
        " static final String P = P;\n"
        " @GetMapping @PostMapping({}) void a() {} @RequestMapping(method = X) void b() {} }\n"
        'interface B extends B { @GetMapping("/b") void b(); }'
    ),
    "src/A.cs": (
        '[Route("[controller]/[action]")] class AController : AController { [HttpGet] [HttpGet("~/x")] void A() {} }\n'
        'var app = builder.Build(); var g = g.MapGroup("/g"); app.MapGet(); app.MapGet("/x", A.B); '
        'g.MapGet("/y", () => 1);'
    ),
    "main.go": (
        "package main\n"
        'import "github.com/gin-gonic/gin"\n'
        'func R(r *gin.RouterGroup) { R(r.Group("/r")); r.GET("/x", R) }\n'
        'func main() { r := gin.Default(); r.GET(); r.Any("/y"); R(r.Group()); r.GET(x, func('
    ),
}


def is_described(framework: Framework) -> None:
    """The module has its display name, and languages that exist."""
    assert framework.NAME.strip() == framework.NAME and framework.NAME
    assert framework.LANGUAGES and set(by_name()) >= framework.LANGUAGES


def nothing_declares_nothing(framework: Framework) -> None:
    """A code base without files, or with empty ones, has no routes."""
    assert not list(framework.routes(CodeBase({}), []))
    assert not routes_of(framework, dict.fromkeys(HOSTILE, ""))


def broken_text_never_raises(framework: Framework) -> None:
    """Broken, circular and contradictory declarations are read as far as possible."""
    for route in routes_of(framework, HOSTILE):
        _is_sound(route)
    for path, text in HOSTILE.items():
        for cut in range(0, len(text), 29):
            for route in routes_of(framework, {path: text[:cut]}):
                _is_sound(route)


def routes_are_stable(framework: Framework) -> None:
    """Reading again gives the same routes in the same order."""
    assert routes_of(framework, HOSTILE) == routes_of(framework, HOSTILE)


def routes_of(framework: Framework, texts: Mapping[str, str]) -> list[Route]:
    """Return the routes of a framework in files that are given as texts."""
    base = CodeBase(dict(texts))
    return list(framework.routes(base, [source for source in base.sources if framework.detects(source)]))


def _is_sound(route: Route) -> None:
    assert route.method in (*METHODS, ANY), route
    assert route.path.startswith("/") and "//" not in route.path, route
    assert route.file_path in HOSTILE and 0 <= route.start <= route.end, route


CHECKS: tuple[Callable[[Framework], None], ...] = (
    is_described,
    nothing_declares_nothing,
    broken_text_never_raises,
    routes_are_stable,
)
