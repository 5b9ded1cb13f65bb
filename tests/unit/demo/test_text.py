from bonafide.demo.debian import offers
from bonafide.demo.sentences import SENTENCES
from bonafide.demo.sources import SOURCES
from bonafide.demo.transcripts import MAX_CHARACTERS, MIN_CHARACTERS, PACKAGES, parse, to_speak

TRANSCRIPTS = """\
\ufeff; Core sounds

agent-pass: Please enter your  password followed by the pound key.
digits/1: one
silence/1: (1 second of silence)
vm-intro: Please leave your message after the tone. (simple tone sound plays)
confbridge-join: <beep ascending>
letters/at: at [@]
followme/sorry: I am sorry, but they are not here.
"""


def test_only_plain_speech_is_taken_from_transcripts():
    assert parse(TRANSCRIPTS) == {
        "agent-pass": "Please enter your password followed by the pound key.",
        "followme/sorry": "I am sorry, but they are not here.",
    }


def test_engines_speak_what_the_humans_speak():
    sentences = to_speak("en", parse(TRANSCRIPTS))
    assert "Please enter your password followed by the pound key." in sentences
    assert all(MIN_CHARACTERS <= len(sentence) <= MAX_CHARACTERS for sentence in sentences)


def test_every_language_has_sentences():
    for language in {source.language for source in SOURCES.values()} - set(PACKAGES):
        assert len(to_speak(language, {})) > 0.9 * len(SENTENCES[language])


def test_sizes_are_read_from_what_apt_says():
    listing = (
        "Reading package lists...\n"
        "'scheme://host/a/libasound2_1.2.8-1%2bb1_amd64.deb' libasound2_1.2.8-1+b1_amd64.deb 361788 SHA256:44\n"
        "'scheme://host/f/flite_2.2-5_amd64.deb' flite_2.2-5_amd64.deb 252784 SHA256:f4\n"
    )
    assert offers(listing) == {"libasound2": 361788, "flite": 252784}
