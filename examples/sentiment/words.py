"""Words that tell a mood, by language; any form of a word will do."""

GOOD = {
    "english": (
        "admire amazing beautiful best brilliant calm cheerful comfort delight easy enjoy excellent "
        "fantastic fine friendly fun generous glad good great happy helpful hope joy kind laugh "
        "like lovely love nice perfect pleasant please pretty relax safe smile success sunny sweet "
        "thank trust warm welcome win wonderful"
    ).split(),
    "german": (
        "angenehm bequem dankbar danke einfach erfolgreich freuen freundlich froh genießen gern "
        "gewinnen glücklich großartig gut heiter herzlich hilfreich hoffen hübsch klasse lachen "
        "lieben lieb lustig nett perfekt prima ruhig schön sicher sonnig toll vertrauen warm "
        "wunderbar zufrieden"
    ).split(),
}

BAD = {
    "english": (
        "afraid angry annoy awful bad bitter boring broken complain cruel danger dirty disappoint "
        "disgust dreadful fail fear gloomy hate horrible hurt lose lonely mess mistake nasty pain "
        "poor problem rude sad scream sick slow stupid terrible tired trouble ugly unhappy upset "
        "worry worse worst wrong"
    ).split(),
    "german": (
        "angst ärgern böse dumm eklig enttäuschen falsch fürchten furchtbar gefährlich grausam "
        "hassen hässlich kaputt krank langsam langweilig leiden müde schlecht schlimm schmerz "
        "schmutzig schrecklich sorgen traurig unglücklich verlieren weinen wütend"
    ).split(),
}

NEGATIONS = {
    "english": {"not", "no", "never", "hardly", "don't", "isn't", "wasn't", "without"},
    "german": {"nicht", "kein", "keine", "nie", "kaum", "ohne"},
}
