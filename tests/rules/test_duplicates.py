"""Do two questions ask the same? The 24 labelled pairs of the demonstration, and each kind of evidence by itself."""

import tempfile
from functools import cache
from pathlib import Path

import pytest

from helpdesk.routing.duplicates import DUPLICATE_FROM, Reading, Sign, judge, shares_of_topics
from helpdesk.routing.evidence import likely_topics
from helpdesk.routing.meaning import meaning_of
from helpdesk.search.alike import heading_of
from helpdesk.search.index import AskedDocument
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex
from tests.rules.demo_data import demo, questions, read

PAIRS = read("duplicate_pairs.yaml")["pairs"]


@cache
def open_questions():
    """The second halves of the pairs among all the questions of the demonstration, each waiting for an answer."""
    texts = [pair["b"] for pair in PAIRS] + [q["text"] for language in ("fr", "en") for q in questions(language)]
    index = WhooshIndex(Path(tempfile.mkdtemp(prefix="relais-asked-")) / "index")
    index.rebuild([AskedDocument(n, heading_of(None, text), text) for n, text in enumerate(texts)], 1)
    return index


def reading(text, **fields):
    query = Query.of(text)
    topics = {hit.topic_id: hit.score for hit in likely_topics(demo().index.topics(query))}
    return Reading(meaning_of(text), shares_of_topics(topics), query.language, **fields)


def verdict_of(pair):
    hits = open_questions().asked(Query.of(pair["a"]), heading_of(None, pair["a"]), 50).hits
    share = next((hit.share for hit in hits if hit.ticket_id == PAIRS.index(pair)), 0.0)
    return judge(reading(pair["a"]), reading(pair["b"]), share)


@pytest.mark.parametrize("pair", [p for p in PAIRS if p["label"] != "duplicate"], ids=lambda pair: pair["b"][:30])
def test_what_only_looks_alike_stays_below_the_threshold(pair):
    assert verdict_of(pair).similarity < DUPLICATE_FROM


def test_most_duplicates_are_above_it():
    found = [pair["b"] for pair in PAIRS if pair["label"] == "duplicate" and verdict_of(pair).is_duplicate]
    assert len(found) >= 9, found


@pytest.mark.parametrize(
    ("one", "other", "sign", "mine", "theirs"),
    [
        ("Code R-14 affiché", "la box affiche R21", Sign.OTHER_CODE, ("r14",), ("r21",)),
        ("Ma Ria 6 redémarre", "Ma Ria 7 redémarre", Sign.OTHER_CODE, ("ria6",), ("ria7",)),
        ("Mon forfait en Suisse ?", "My plan in Tunisia?", Sign.OTHER_PLACE, ("CH",), ("TN",)),
        ("Panne à Montflavin", "Panne à Port-Lannévez", Sign.OTHER_PLACE, ("montflavin",), ("port lannevez",)),
        ("Fin de l'ADSL ?", "When does 2G end?", Sign.OTHER_TECHNOLOGY, ("ADSL",), ("2G",)),
    ],
)
def test_what_differs_forbids_it_however_alike_the_words(one, other, sign, mine, theirs):
    verdict = judge(reading(one), reading(other), 0.9)
    found = next(reason for reason in verdict.vetoes if reason.sign is sign)
    assert (found.mine, found.theirs) == (mine, theirs)
    assert not verdict.is_duplicate
    assert verdict.similarity < DUPLICATE_FROM <= verdict.unvetoed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le technicien n'est pas venu", "Le technicien est venu"),
        ("My order has not arrived", "My order arrived today"),
        ("La box ne redémarre plus", "La box redémarre"),
        ("I can’t log in", "I log in and then nothing"),
        ("Le décodeur ne s'allume plus", "mon décodeur s'allume mais pas d'image"),
    ],
)
def test_one_says_yes_and_the_other_no(one, other):
    for mine, theirs in ((one, other), (other, one)):
        verdict = judge(reading(mine), reading(theirs), 0.9)
        assert [reason.sign for reason in verdict.vetoes] == [Sign.DENIED]
    for text in (one, other):
        assert not judge(reading(text), reading(text), 0.9).vetoes


@pytest.mark.parametrize(
    ("one", "other", "sign", "what"),
    [
        ("Code R-14 voyant rouge", "r14 affiché", Sign.SAME_CODE, ("r14",)),
        ("En Suisse ?", "in Switzerland?", Sign.SAME_PLACE, ("CH",)),
        ("Panne à Port-Lannévez", "plus rien a port lannevez", Sign.SAME_PLACE, ("port lannevez",)),
        ("la fin du cuivre", "ADSL switch-off", Sign.SAME_TECHNOLOGY, ("ADSL",)),
    ],
)
def test_what_is_shared_is_said(one, other, sign, what):
    reasons = judge(reading(one), reading(other), 0.2).reasons
    assert what in [reason.mine for reason in reasons if reason.sign is sign]
    assert not [reason for reason in reasons if reason.sign.startswith("other")]


def test_one_code_in_common_is_enough_for_codes():
    assert not judge(reading("R-14 puis R-21"), reading("toujours R-14"), 0.3).vetoes


def test_the_same_hour_on_the_same_channel_counts_and_no_other():
    one = reading("Plus rien ne marche", channel=1, minute=10.0)
    wave = judge(one, reading("tout est en rade", channel=1, minute=40.0), 0.1)
    assert Sign.SAME_WAVE in [reason.sign for reason in wave.reasons]
    later, elsewhere = (reading("tout est en rade", channel=c, minute=m) for c, m in ((1, 200.0), (2, 40.0)))
    for other in (later, elsewhere):
        assert judge(one, other, 0.1).similarity < wave.similarity


def test_no_kind_of_evidence_but_the_words_is_enough_alone():
    one, other = reading("R-14"), reading("R-14")
    bare = Reading(one.meaning, {}), Reading(other.meaning, {})
    assert not judge(bare[0], Reading(meaning_of("bonjour"), {}), 0.0).is_duplicate
    assert judge(*bare, 0.0).similarity <= DUPLICATE_FROM + 1e-9


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Internet ne marche pas", "Pas d'internet depuis hier"),
        ("Impossible de me connecter à l'espace client", "Je n'arrive pas à me connecter à mon espace client"),
        ("La livraison n'est toujours pas arrivée", "Toujours pas de livraison"),
        ("plus internet à Port-Lannévez", "Panne à Port-Lannévez ? ni fibre ni mobile"),
        ("No signal in Lyon", "Lyon: the network is down"),
        ("No log was written", "I log in to my account"),
        ("Ma box sans-fil est en panne", "ma box filaire est en panne"),
        ("The app never opens, but org.example.app opens", "The app opens at 12:30, never later"),
        ("Ma commande CMD20231234 n'est pas arrivée", "commande CMD20239999 pas reçue"),
        ("The sync fails since v2", "The sync fails since v3"),
    ],
)
def test_nothing_is_forbidden_by_what_is_not_said_of_the_same_thing(one, other):
    for mine, theirs in ((one, other), (other, one)):
        assert not judge(reading(mine), reading(theirs), 0.9).vetoes


LONG = (
    " Yesterday evening around nine the whole family was watching a film and suddenly the picture froze, so my husband"
    " pressed every button of the remote, unplugged cables behind the television, called his brother, read forums for"
    " hours about models E12 and Ria 9 and found no advice that works, then went to bed angry while children cried."
)


def test_of_a_long_text_the_first_sentence_decides():
    for one, other, sign in (
        ("My Ria 6 restarts.", "My Ria 7 restarts.", Sign.OTHER_CODE),
        ("The technician has not arrived.", "The technician has arrived.", Sign.DENIED),
        ("No network in Lyon.", "No network in Brest.", Sign.OTHER_PLACE),
    ):
        for mine, theirs in ((one + LONG, other), (one, other + LONG), (one + LONG, other + LONG)):
            assert sign in [found.sign for found in judge(reading(mine), reading(theirs), 0.9).vetoes]
    assert not judge(reading("My box restarts." + LONG), reading("My Ria 6 shows E14 and there is advice"), 0.9).vetoes


@pytest.mark.parametrize("text", ["It fails when I start the box", "The page where I pay is slow", "It is up to date"])
def test_a_clause_in_the_middle_of_a_sentence_asks_nothing(text):
    assert not meaning_of(text, "en").aspects


def test_what_asks_for_a_date_or_a_way_is_understood():
    assert meaning_of("When will the fibre come?", "en").aspects == {"when"}
    assert meaning_of("Can you tell me when it ends", "en").aspects == {"when"}
    assert meaning_of("Where can I find my code?", "en").aspects == {"how"}


def test_more_is_no_denial():
    assert "debit" not in meaning_of("je voudrais avoir plus de débit", "fr").denials.denied
    assert meaning_of("Plus de réseau depuis hier", "fr").denials.denied >= {"reseau"}
    assert meaning_of("j'ai plus internet", "fr").denials.denied


@pytest.mark.parametrize("text", ["", "?", "😡😡", "⟦phone⟧", "à", "pas", "R-" * 2000, "ne " * 500])
def test_any_text_can_be_read(text):
    verdict = judge(reading(text), reading(text), 1.0)
    assert verdict.similarity <= 1.0
    assert not verdict.vetoes
