"""How operators are told: messages that are stored, due, and tried again until a channel has taken them."""
