"""Words that carry grammar and no need: French and English, folded. Used for names of needs and for matching."""

from __future__ import annotations

_FRENCH = """
a afin ai ainsi alors apres as au aucun aucune aussi autre autres aux avait avant avec avez avoir avons ayant c ca car ce ceci
cela celle celles celui ces cet cette ceux chaque chez ci comme comment d dans de des deja depuis dont du elle elles en encore
entre es est et etaient etait etant etc etre eu eux faire fait faut fois font ici il ils j je jamais jusque l la le les leur
leurs lors lui m ma mais me meme memes mes moi mon n ne ni non nos notre nous on ont ou par parce pas pendant peu peut peuvent
plus plusieurs pour pourquoi pouvoir puis qu quand que quel quelle quelles quelque quelques quels qui quoi rien s sa sans se
selon sera serait ses si sinon soi soit son sont sous sur t ta tant te tel telle tellement tels tes toi ton tous tout toute
toutes tres trop tu un une va vers voici voila vont vos votre vous y combien lequel laquelle lesquels lesquelles est-ce suis
sommes etes serai seront ete peux dois doit doivent quoique afin faudrait svp stp bonjour merci
"""
_ENGLISH = """
a about after again all also am an and any are as at be because been before being between both but by can cannot could did do
does doing don down during each few for from further get got had has have having he her here hers him his how i if in into is
it its itself just let me might more most much must my no nor not of off on once only or other our ours out over own please
same shall she should so some such than that the their theirs them then there these they this those through to too under until
up us very was we were what when where whether which while who whom whose why will with would you your yours s t re ve ll d m
"""

FRENCH = frozenset(_FRENCH.split())
ENGLISH = frozenset(_ENGLISH.split())
#: Both, for texts whose language nobody told.
ALL = FRENCH | ENGLISH
