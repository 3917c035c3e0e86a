"""An answer's Markdown gives safe HTML and plain text, whatever was typed."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.answers.markup import to_html, to_plain

REL = 'rel="noopener noreferrer nofollow ugc"'

RENDERED = [
    ("**gras** et *penché*", "<p><strong>gras</strong> et <em>penché</em></p>"),
    ("une ligne\nune autre", "<p>une ligne<br>\nune autre</p>"),
    ("# Titre", "<h3>Titre</h3>"),
    ("## Titre", "<h4>Titre</h4>"),
    ("#### Titre", "<h6>Titre</h6>"),
    ("###### Titre", "<h6>Titre</h6>"),
    ("Titre\n=====", "<h3>Titre</h3>"),
    ("#fibre en panne", "<p>#fibre en panne</p>"),
    ("  deux blancs devant", "<p>deux blancs devant</p>"),
    (
        "[la page](https://exemple.fr/a?b=1&c=2)",
        f'<p><a href="https://exemple.fr/a?b=1&amp;c=2" {REL}>la page</a></p>',
    ),
    ("[écrire](mailto:jean@exemple.fr)", f'<p><a href="mailto:jean@exemple.fr" {REL}>écrire</a></p>'),
    ("[3179](tel:3179)", f'<p><a href="tel:3179" {REL}>3179</a></p>'),
    (
        "voir https://exemple.fr/a_b_c.",
        f'<p>voir <a href="https://exemple.fr/a_b_c" {REL}>https://exemple.fr/a_b_c</a>.</p>',
    ),
    (
        "(https://exemple.fr/x_(y))",
        f'<p>(<a href="https://exemple.fr/x_(y)" {REL}>https://exemple.fr/x_(y)</a>)</p>',
    ),
    ("`https://exemple.fr`", "<p><code>https://exemple.fr</code></p>"),
    (
        "[https://exemple.fr](https://exemple.fr)",
        f'<p><a href="https://exemple.fr" {REL}>https://exemple.fr</a></p>',
    ),
    ("![plan](https://exemple.fr/p.png)", f'<p><a href="https://exemple.fr/p.png" {REL}>plan</a></p>'),
    ("3. trois\n4. quatre", '<ol start="3">\n<li>trois</li>\n<li>quatre</li>\n</ol>'),
    ("```\na <b>\n```", "<pre><code>a &lt;b&gt;\n</code></pre>"),
    ("tapez <votre code> puis #", "<p>tapez &lt;votre code&gt; puis #</p>"),
    ("312 € & <3 mois", "<p>312 € &amp; &lt;3 mois</p>"),
    ("snake_case_name", "<p>snake_case_name</p>"),
    ("<!-- rien -->", "<p>&lt;!-- rien --&gt;</p>"),
    ("", ""),
]


@pytest.mark.parametrize(("markdown", "html"), RENDERED)
def test_markdown_becomes_html(markdown, html):
    assert to_html(markdown) == html


PLAIN = [
    ("**gras** et *penché*", "gras et penché"),
    ("une ligne\nune autre\n\nun paragraphe", "une ligne\nune autre\n\nun paragraphe"),
    ("# Titre\ntexte", "Titre\n\ntexte"),
    ("voir [la page](https://exemple.fr/a?b=1&c=2).", "voir la page (https://exemple.fr/a?b=1&c=2)."),
    ("voir https://exemple.fr/a.", "voir https://exemple.fr/a."),
    ("[exemple.fr](https://exemple.fr/)", "https://exemple.fr/"),
    ("[écrire](mailto:jean@exemple.fr)", "écrire (jean@exemple.fr)"),
    ("<jean@exemple.fr>", "jean@exemple.fr"),
    ("[appeler le 3179](tel:3179)", "appeler le 3179 (3179)"),
    ("- un\n- deux\n    - dessous\n- trois\n\nfin", "- un\n- deux\n  - dessous\n- trois\n\nfin"),
    ("- un\n  - dessous\n    - encore", "- un\n  - dessous\n    - encore"),
    ("1. un\n2. deux", "1. un\n2. deux"),
    ("9. neuf\n10. dix\n\n    suite", "9. neuf\n10. dix\n\n    suite"),
    ("> cité\n> deux\n\nsuite", "> cité\n> deux\n\nsuite"),
    ("> - a\n> - b", "> - a\n> - b"),
    ("| A | B |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nfin", "A | B\n1 | 2\n3 | 4\n\nfin"),
    ("```\na  <b>\n  c\n```", "a  <b>\n  c"),
    ("a\n\n---\n\nb", "a\n\n———\n\nb"),
    ("Prix\u00a0: 312\u202f€ &amp; <rien>", "Prix\u00a0: 312\u202f€ & <rien>"),
    ("![plan](https://exemple.fr/p.png)", "plan (https://exemple.fr/p.png)"),
    ("Bonjour 👋🏽,\n\n« c’est » réparé", "Bonjour 👋🏽,\n\n« c’est » réparé"),
    ("- \n- b", "- b"),
    ("", ""),
]


@pytest.mark.parametrize(("markdown", "plain"), PLAIN)
def test_markdown_becomes_plain_text(markdown, plain):
    assert to_plain(markdown) == plain


ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<details open ontoggle=alert(1)>",
    "<p style='background:url(javascript:alert(1))' onclick=alert(1)>x</p>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\u0001javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](javascript&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//autre.example/a)",
    "[x](/admin/delete)",
    "[x](?logout)",
    "[x](\\\\autre.example)",
    "[x](https:javascript:alert(1))",
    "![x](javascript:alert(1))",
    "![x\" onerror=\"alert(1)](https://exemple.fr/a.png)",
    '[x](https://exemple.fr "a\" onmouseover=\"alert(1)")',
    "[x](https://exemple.fr/\" onmouseover=\"alert(1))",
    "https://exemple.fr/\"onmouseover=\"alert(1)",
    "https://exemple.fr/'onmouseover='alert(1)",
    "<javascript:alert(1)>",
    "<https://exemple.fr/\" onclick=\"alert(1)>",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[1]: data:text/html,x\n\n[1]",
    "[<script>alert(1)</script>](https://exemple.fr)",
    "[a](https://b.fr [c](javascript:alert(1)))",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script\\>alert(1)",
    "\u0002wzxhzdk:0\u0003 \u0002klzzwxh:0000\u0003 \u0002amp\u0003",
    "＜script＞alert(1)＜/script＞",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<ſcript>alert(1)</ſcript>",
    "| <script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | [x](javascript:1) |",
    "# <img src=x onerror=alert(1)>",
    "- <svg onload=alert(1)>",
    "> <base href='https://autre.example'>",
    "<form action='https://autre.example'><input name=mot><button>Envoyer</button></form>",
    "<a href='https://autre.example' target=_top>Se reconnecter</a>",
    "{: onclick=alert(1) }",
    "*[HTML]: <script>alert(1)</script>\n\nHTML",
    "[x](https://exemple.fr){onclick=alert(1)}",
    "\ud83d <script>",
]  # fmt: skip

ALLOWED = {
    "p": set(), "br": set(), "strong": set(), "em": set(), "a": {"href", "rel"}, "ul": set(), "ol": {"start"},
    "li": set(), "blockquote": set(), "code": set(),
    "pre": set(), "h3": set(), "h4": set(), "h5": set(), "h6": set(),
    "hr": set(), "table": set(), "thead": set(), "tbody": set(), "tr": set(), "th": set(), "td": set(),
}  # fmt: skip


class Inspector(HTMLParser):
    """Fails on anything that is not on the list, as a browser would see it."""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        names = {name for name, _ in attrs}
        assert names <= ALLOWED[tag], (tag, attrs)
        for name, value in attrs:
            if name == "href":
                assert re.match(r"https?://[^/\s]|mailto:|tel:", value, re.IGNORECASE), value
            if name == "start":
                assert value.isdecimal()
        if tag == "a":
            assert dict(attrs)["rel"] == "noopener noreferrer nofollow ugc"

    def handle_comment(self, data):
        raise AssertionError(f"comment {data}")

    def handle_decl(self, decl):
        raise AssertionError(f"declaration {decl}")

    def handle_pi(self, data):
        raise AssertionError(f"instruction {data}")

    def unknown_decl(self, data):
        raise AssertionError(f"section {data}")


def inspect(html: str) -> None:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_active_passes(attack):
    for text in (attack, f"a {attack} b", f"- {attack}", f"> {attack}\n\n*{attack}*"):
        inspect(to_html(text))


SIGNS = st.sampled_from([*ATTACKS, *"[]()*`<>\n|&#", "\n\n", "- ", "1. ", "> "])


@given(st.lists(st.one_of(SIGNS, st.text(max_size=12)), max_size=12).map("".join))
def test_no_mixture_passes_either_and_the_same_text_gives_the_same_result(text):
    html = to_html(text)
    inspect(html)
    assert to_html(text) == html
    assert to_plain(text) == to_plain(text)


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=40))
def test_words_survive_in_plain_text(text):
    assert to_plain(text) == text


HOSTILE = [
    "[", "![", "[a](", "[](", "x[", "([", "[[a]", "[a][b]", "![a](b ", "*", "_", "`",
    "**a", "*a **b ", "<", "<!--", "<a ",
    ">", "> ", "1. ", "- ", "> - 1. ", "#", "|", "a|b\n", "\\", "&#", "https://", "a\n", "\n",
    "[a]: b\n", "~~~\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_text_is_rendered_without_waiting_for_minutes(unit):
    def seconds(length: int) -> float:
        start = time.process_time()
        inspect(to_html((unit * length)[:length]))
        return time.process_time() - start

    seconds(200)
    # Compared with ordinary words of the same length; quadratic parsing would cost a thousand times as much.
    start = time.process_time()
    to_html("Bonjour à tous, voici la réponse. " * 588)
    ordinary = max(time.process_time() - start, 0.01)
    assert seconds(20_000) < 300 * ordinary


def test_depth_is_bounded():
    for text in ("> " * 9_000, "".join("  " * depth + "- a\n" for depth in range(140)), "> - 1. " * 2_000):
        assert "a" in to_html(text + "a")


def test_many_complete_links_stay_links():
    assert to_html("[a](https://exemple.fr) " * 500).count("<a href") == 500
