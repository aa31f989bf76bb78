"""What people and the business say of answers: each kept first, then heeded by who can learn.

desk          ratings and comments of people, `wrong_hit`
outcomes      what came of an answer or a conversation; also what the gateway itself saw
corrections   the better text
pace          how often a browser's key may speak
"""

from teppan.serve.feedback.desk import RATING, WRONG_HIT, FeedbackDesk, Heeded, Said

__all__ = ["RATING", "WRONG_HIT", "FeedbackDesk", "Heeded", "Said"]
