"""How good is a reply: predicting and fitting live side by side, one small file per question.

    answers     what does this text finally answer, in a form that can be compared?
    agreement   which replies say the same, and how alike are they?
    voters      whose vote counts how much on which task?
    trust       how well has a model done lately, on which kind of task?
    confidence  how probable is it that the answer is right?
    scorer      is this cheap answer good enough to stop here?
    picker      which of several open answers reads best?

`answers`, `agreement` and `trust` import nothing heavy; the modules that fit import numpy.
"""
