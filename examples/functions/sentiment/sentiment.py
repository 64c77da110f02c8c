#!/usr/bin/env python3
"""Tells the mood of English texts. It stays between calls: a line says how long each is."""

import json
import re
import sys

WORDS = {}
for value, words in {
    1.0: "awesome best brilliant excellent fantastic perfect superb wonderful",
    0.7: "amazing beautiful delighted enjoy glad good great happy joy love loved lovely",
    0.4: "better calm clean easy fine friendly helpful like liked nice please quick safe sweet",
    -0.4: "boring cold dirty hard lost problem rude sad slow sorry tired",
    -0.7: "angry bad broken fail failed hate hated hurt poor ugly unhappy upset wrong",
    -1.0: "awful disgusting dreadful horrible terrible worst",
}.items():
    WORDS |= dict.fromkeys(words.split(), value)

NEGATIONS = {"not", "no", "never", "hardly", "without"}


def judge(text):
    values, negated = [], False
    words = re.findall(r"[a-z']+", text.lower().replace("’", "'"))
    for word in words:
        if word in WORDS:
            # What is "not terrible" is not wonderful for that.
            values.append(-WORDS[word] / 2 if negated else WORDS[word])
        negated = word in NEGATIONS or word.endswith("n't")
    return {
        "polarity": round(sum(values) / len(values), 3) if values else 0.0,
        "subjectivity": round(min(1.0, 3 * len(values) / len(words)), 3) if words else 0.0,
        "sentence_count": len(re.findall(r"[^.!?\s][^.!?]*", text)),
    }


for line in iter(sys.stdin.buffer.readline, b""):
    body = sys.stdin.buffer.read(int(line.split(b" ", 1)[0]))
    answer = json.dumps(judge(body.decode(errors="replace"))).encode() + b"\n"
    sys.stdout.buffer.write(b"%d 200\n%s" % (len(answer), answer))
    sys.stdout.buffer.flush()
