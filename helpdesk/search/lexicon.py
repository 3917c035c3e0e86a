"""Word lists behind the analysis: what carries no subject, and what gives a language away. Data only.

All words are written folded: lower case, without accents, elisions removed.
"""

_FRENCH = """
    a afin ai ainsi alors apres as au aucun aucune aussi autre autres aux avaient avait avant avec avez
    aviez avions avoir avons ayant beaucoup bien c ca car ce ceci cela celle celles celui ces cet cette
    ceux chaque chez ci comme comment d dans de deja depuis des dessous dessus deux dit doit donc dont du
    e elle elles en encore entre es est et etaient etais etait etant etc ete etes etiez etions etre eu eux
    faire fais faisait fait faites fois font ici il ils j je jusque l la le les leur leurs lors lorsque
    lui m ma mais me meme memes mes mien mieux moi moins mon n ne ni nos notre notres nous on ont ou par
    parce pas peu peut peuvent peux plus plusieurs plutot pour pourquoi pouvez pu puis puisque qu quand
    que quel quelle quelles quels quelque quelques qui quoi rien s sa sans se sera serait ses seulement si
    sien soi soit sommes son sont sous suis sur t ta tandis te tel telle tels tes toi ton toujours tous
    tout toute toutes tres trop tu un une va vais vers voici voila vont vos votre votres vous y
"""
_ENGLISH = """
    a about after again all almost also although always am an and another any anybody anyone anything are
    as at be because been before being both but by came can cannot come could did do does doing done down
    each either else even ever every for from further get gets getting give go goes going got had has have
    having he her here hers him his how however i if in instead into is it its itself just let like made
    make many may me might more most much must my myself never no nor not now of off on once one only onto
    or other our ours out over own quite rather really same say says she should since so some somebody
    someone something still such than that the their them then there these they thing this those though
    through thus to too under until up upon us use used very was way we well were what when where whether
    which while who whom why will with within without would yet you your yours
"""
_COURTESIES = """
    allo bjr bonjour bonsoir cdlt cordialement cordiale svp stp salut slt salutations madame mademoiselle
    merci mesdames messieurs monsieur remerciements sincerement
    cheers dear hello hey hi kindly madam mr mrs ms please pls regards sincerely sir thank thanks yours
"""

# Written without their apostrophe, as people do in a hurry.
_UNMARKED_FRENCH = """
    aujourdhui cest dun jai jen lai nai nest netait nont quelquun quil quils quon sest yen
"""
_UNMARKED_ENGLISH = """
    arent cant couldnt didnt doesnt dont hasnt havent im isnt ive shouldnt thats wasnt werent wont wouldnt
"""

COURTESIES = frozenset(_COURTESIES.split())
"""Greetings and politeness, in both languages."""

COMMON: dict[str, frozenset[str]] = {
    "fr": frozenset((_FRENCH + _UNMARKED_FRENCH).split()) | COURTESIES,
    "en": frozenset((_ENGLISH + _UNMARKED_ENGLISH).split()) | COURTESIES,
}
"""Per language, the words that say nothing about the subject of a question."""

# Words that exist in one language only, or nearly so: evidence for a guess, much stricter than the lists
# above. "a", "on", "me", "as", "or", "son", "pour", "tout", "main" and the like read both ways: left out.
_FRENCH_EVIDENCE = """
    alors apres au aucun aucune aujourdhui aussi aux avec avez avoir avons beaucoup bonjour bonsoir ca ce
    cela celle celui ces cet cette chez comme comment dans depuis des deja donc du elle elles encore est
    et etait etes etre faire fait faut il ils je jusque le les leur leurs lorsque ma mais marche merci mes
    moi moins mon ne nos notre nous ont ou par parce pas peut peux plus plusieurs pourquoi puis quand quel
    quelle quelles quelqu quels qui quoi rien sans sera serait ses sommes sont sous suis sur svp toujours
    tous toute toutes tres trop une vos votre vous voudrais
"""
_ENGLISH_EVIDENCE = """
    about after again am an and any are because been before being but by can cannot could did do does
    doing don for from get had has have he hello help her his how however if in is it its just my no not
    of off only or our out please she should since some thank thanks that the their them then there these
    they this those to up was we were what when where which while who why will with without would you your
"""
_NEIGHBOURS = """
    al anche auf bitte che ciao com come como con cuando danke das del della der deze di die donde een ein
    eine el esta este fur graag gracias grazie haben het ho hoe hola ich ik il isso ist je kan kann las
    los mais mein meine met meu mi mijn minha mit muito muy nao nel nicht niet non obrigado onde para per
    perche pero por porque posso puedo quando quero questa questo quiero sie sind sono tengo uma una und
    van voce voor waarom wann warum wie wij wir zijn
"""

EVIDENCE: dict[str, frozenset[str]] = {
    "fr": frozenset(_FRENCH_EVIDENCE.split()),
    "en": frozenset(_ENGLISH_EVIDENCE.split()),
}
"""Per language, the words that count as evidence when guessing it."""

ELSEWHERE: frozenset[str] = frozenset(_NEIGHBOURS.split())
"""Words of Spanish, Italian, German, Portuguese and Dutch: evidence against both guesses."""
