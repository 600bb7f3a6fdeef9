"""What phones and cars answer by themselves: data, in English and a few more languages. Pure.

Only words that a person hardly types: "I'm driving" is an answer, "I'm driving with Focus turned on" is a machine's.
Owners of phones can change theirs; those are caught by coming too soon or again (audience.py).
"""

from __future__ import annotations

from relay.core.comparing import smart_encoded

# A text that begins so. Wordings: iOS 11 to 18, Android Auto, cars, Samsung, mail gateways.
BEGINNINGS = (
    "i'm driving with do not disturb",
    "i'm driving with focus",
    "i'm driving and can't",
    "i am driving and can't",
    "i'm driving and will reply",
    "i'm driving and will respond",
    "i'm driving and will get back to you",
    "i'm currently driving and will",
    "i am currently driving and will",
    "i'm not receiving notifications",
    "(i'm not receiving notifications",
    "i'm away with focus",
    "do not disturb while driving",
    "driving mode:",
    "[driving mode",
    "driving, can't text",
    "driving can't text",
    "auto-reply",
    "auto reply",
    "autoreply",
    "[auto-reply",
    "[auto reply",
    "[autoreply",
    "(auto-reply",
    "(auto reply",
    "automatic reply",
    "automated reply",
    "automated response",
    "this is an automated",
    "this is an automatic",
    "out of office",
    "i am out of the office",
    "i'm out of the office",
    "i am currently out of the office",
    "i'm currently out of the office",
    "i am currently unavailable",
    "i'm currently unavailable",
    "sent from my car",
    # Spanish
    "estoy conduciendo con",
    "estoy manejando con",
    "estoy conduciendo y no puedo",
    "estoy manejando y no puedo",
    "manejando, no puedo escrib",
    "conduciendo, no puedo escrib",
    "no estoy recibiendo notificaciones",
    "no recibo notificaciones",
    "respuesta automática",
    "mensaje automático",
    "este es un mensaje automático",
    "estoy fuera de la oficina",
    # French, German, Portuguese, Italian
    "je conduis avec",
    "réponse automatique",
    "ich fahre gerade mit",
    "automatische antwort",
    "abwesenheitsnotiz",
    "estou dirigindo com",
    "estou a conduzir com",
    "resposta automática",
    "sto guidando con",
    "risposta automatica",
)

# A text that is only this, whatever stands at its end: offered when a call is rejected, or by a car.
WHOLE = frozenset(
    {
        "i'm driving right now",
        "i'm driving right now. i'll call you later",
        "i'm driving now. i'll call you later",
        "i'm driving. i'll call you later",
        "i'm driving. sent from my car",
        "i'll see your message when i get where i'm going",
        "sorry, i can't talk right now",
        "i can't talk right now",
        "can't talk right now",
        "can't talk right now. call me later?",
        "can't talk now. what's up?",
        "can't talk now. call me later",
        "sorry, i'm busy. call back later",
        "sorry, i'm busy. i'll call back later",
        "i'm in a meeting. i'll call you later",
        # Spanish
        "ahora no puedo hablar",
        "no puedo hablar ahora",
        "no puedo hablar en este momento",
        "lo siento, no puedo hablar en este momento",
        "lo siento, ahora no puedo hablar",
        "no puedo hablar ahora. ¿qué pasa?",
        "no puedo hablar ahora. ¿qué sucede?",
        "estoy conduciendo. te llamo luego",
        "estoy manejando. te llamo luego",
        "estoy en una reunión. te llamo más tarde",
        # French, German, Portuguese
        "désolé, je ne peux pas parler pour le moment",
        "ich kann gerade nicht sprechen",
        "ich kann momentan nicht sprechen",
        "não posso falar agora",
        "desculpe, não posso falar agora",
    }
)


def is_auto_reply(body: str) -> bool:
    """Whether a machine is known to send these words."""
    words = " ".join(smart_encoded(body).casefold().split())
    return words.startswith(BEGINNINGS) or words.rstrip(" .!?") in _WHOLE


_WHOLE = frozenset(words.rstrip(" .!?") for words in WHOLE)
