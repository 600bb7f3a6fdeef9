"""Twilio's codes by what they mean, after its documentation and not after the relay's table: what the judges go by."""

from __future__ import annotations

# Codes as the reference has them, by what they mean; some are in no table, nor ever will be.
TO_THE_RECIPIENT = ((400, 21211), (400, 21265), (400, 21612), (400, 21614), (400, 21635), (400, 21610))
OURS_HERE = ((400, 21608), (400, 572002), (400, 572006), (400, 21408))
OUR_SETTINGS = ((400, 21609), (400, 21910))
OF_CONTENT = ((400, 21617), (400, 21620), (400, 21623))
IN_NO_TABLE = ((400, 21999), (403, 29999), (404, 21888), (400, None))
AT_ONCE_ELSEWHERE = (*TO_THE_RECIPIENT, *OURS_HERE, *OUR_SETTINGS, *OF_CONTENT, *IN_NO_TABLE)
OURS_FOR_ALL = (
    *((401, 20003), (403, 20005), (403, 20403), (404, 20404), (400, 21212), (400, 21606), (400, 21659)),
    *((400, 21660), (400, 21661), (429, 63038), (403, 10001), (403, 70051), (400, 21611)),
)
# As receipts.
TOLD_FOR_GOOD = (30004, 30005, 30006, 30007, 30011, 30019)
TOLD_FOR_NOW = (30001, 30003, 30008, 30017, 30022, 30036, 30410, 30500, 63017, 63018)
TOLD_OURS = (30002, 30024, 30032, 30033, 30034, 30035, 30037)
TOLD_IN_NO_TABLE = (31999, 30999, 39001)
