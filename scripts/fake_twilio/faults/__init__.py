"""What can go wrong at Twilio and on the way to it, as data, by where it is met.

    outages   the whole API, or some of its endpoints, for a time or a number of requests
    answers   the answer to one request: errors, contradictions, 1xx, resets, delays
    queues    how fast a number sends, and how long its queue is
    fates     what becomes of an accepted message
    receipts  what becomes of its status callbacks
    texts     one inbound text: its webhook and its row
    lists     what Twilio shows of messages
    media     the files that came with texts
    from_json a person's or a test's words for any of these, checked

Nothing here makes anything happen: `rest` and `sending` answer, `walk` and `callbacks` carry out.
"""
