"""Which model a question goes to. Choosing and fitting live side by side.

    text ── features ──> rules      a complexity score, weighed from plain figures
                    └──> learned    each model's chance to answer well, fitted from traces
                    └──> bandit     each model's record on this kind of question, as it comes in

`affinity` remembers who served a conversation, `fare` says what each choice would cost.
"""
