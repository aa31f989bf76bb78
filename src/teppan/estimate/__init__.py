"""How good is a reply: predicting and fitting live side by side, one small file per question.

    answers     what does this text finally answer, in a form that can be compared?
    guards      do two texts state different figures, or does only one of them deny?
    voters      whose vote counts how much on which task?
    trust       how well has a model done lately, on which kind of task?
    confidence  how probable is it that the answer is right?
    scorer      is this cheap answer right, and is the next model worth its price?
    chain       which models should a cascade ask, in which order? (fits what `scorer` reads)
    stopping    when should it stop? (the rule that `chain` fits)
    picker      which of several open answers reads best?

`answers`, `guards`, `trust` and `confidence` import nothing heavy; modules that fit import numpy.
"""
