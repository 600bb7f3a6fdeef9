"""People in a run: handlers who answer, claim, pass and misunderstand; customers who text on; and C1 to C9.

cast     who there is, when, at which tiers: drawn from dice of its own, so that no other run changes by it
habits   what people of each kind of trouble do, and how soon
words    what an act is in words, with the codes that a person's phone shows
acting   People: their phones, and what they text when something arrives
evidence what a run leaves to judge people's texts by: Twilio's record, and the order of commits
consents what several judges ask: leases, opt-outs, what came at once
judges   C1 to C9, in judges_of_owners, _words, _answers, _customers
"""
