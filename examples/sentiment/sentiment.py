"""Funcs named by module and function: `sentiment.judge` is `judge` in here."""

import re

from snowballstemmer import stemmer

from words import BAD, GOOD, NEGATIONS


def judge(body, ctx):
    # A JSON body is an object, a plain text one is text.
    text = body if isinstance(body, str) else body["text"]
    language = "english" if isinstance(body, str) else body["language"]
    values = SCORES[language]
    words, negated = {}, False
    for word in WORD.findall(text.lower()):
        value = values.get(stem_of(language, word), 0)
        if value:
            words[word] = -value if negated else value
        negated = word in NEGATIONS[language]
    score = sum(words.values()) / len(words) if words else 0.0
    ctx.log.info("judged", score=score, counted=len(words))
    mood = "good" if score > 0.2 else "bad" if score < -0.2 else "neutral"
    return {"score": round(score, 3), "mood": mood, "words": words}


def stem(_body, ctx):
    return stem_of(ctx.params.path["language"], ctx.params.path["word"].lower())


def stem_of(language, word):
    # One stemmer a call: they keep state while they work, and calls run in threads.
    return stemmer(language).stemWord(word)


WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")

# Worked out once in a worker, when it loads the bundle.
SCORES = {
    language: {
        **{stem_of(language, word): 1 for word in GOOD[language]},
        **{stem_of(language, word): -1 for word in BAD[language]},
    }
    for language in GOOD
}
