# What people are told of that only the log knows: each cause's words. Alerts say them (alerts.tf); what the relay tells by
# itself, too, has the same words: functions/relay/operators/alerting/wording.py; a test holds them.

locals {
  # What a line has in `alert` → what happened, and what to do. One metric and one condition for all, because conditions are
  # billed; each cause has an incident of its own.
  causes = {
    alarm = {
      title  = "No handler was reached with a text, or no person took a text"
      advice = "Call the customer, then send it again. The console says why every tier failed."
    }
    answer_lost = {
      title  = "A customer did not get an answer, and no handler could be told so"
      advice = "Call the customer; see “An answer did not reach its customer” in docs/operations.md."
    }
    set_aside = {
      title  = "A text cannot go on by itself and is set aside"
      advice = "The line set_aside says why. Call the customer, then see “A relay was set aside” in docs/operations.md."
    }
    not_taken_in = {
      title  = "A text in Twilio's list could not be taken in"
      advice = "The line names its id and why. Look at it in Twilio's console, and call the customer; “A text was not taken in” in docs/operations.md says more."
    }
    left_to_newer = {
      title  = "A text waits for a newer version of the relay"
      advice = "It was taken back after it had changed what a record means. Install that version again, or read the record and call the customer."
    }
    sender_or_account_error = {
      title  = "Twilio refused a text for what is ours to put right, and every tier fails alike"
      advice = "The line's code says why, and “Twilio refuses us” in docs/operations.md what to do about it. Afterwards redrive what was exhausted."
    }
    sender_error_here = {
      title  = "Twilio refused a text to one handler, country or carrier for what is ours to put right"
      advice = "Is it a trial account, which only texts verified numbers? See the permitted countries, and “Twilio refuses us” in docs/operations.md."
    }
    setting_error = {
      title  = "Twilio refused a text because of a setting of ours"
      advice = "The line's reason names it. Correct it and deploy, then redrive what was exhausted."
    }
    refused_for_unknown_reason = {
      title  = "Twilio refused a text with a code that this relay does not know"
      advice = "Look the line's code up in Twilio's list of errors and put right what it names. The text went on to the next tier."
    }
    outage = {
      title  = "Texts wait for Twilio"
      advice = "Look at Twilio's status page. Nothing is lost, and no tier is used up for ten minutes; after that the tiers' own schedules decide. “Texts wait for Twilio” in docs/operations.md says what to look at."
    }
    handler_opted_out = {
      title  = "A handler has opted out: that phone gets no texts from the relay any more"
      advice = "Have the handler text START to our number, from that phone."
    }
    sender_held_back = {
      title  = "Texts of a sender who sends too many are held back"
      advice = "Read them, and send them on if a person wrote them: “A sender is held back” in docs/operations.md."
    }
    handlers_number_is_ours = {
      title  = "A text came to a number of ours that is also a handler's, and went to no handler"
      advice = "Call the customer. Give that handler a phone that is not connected to the relay: “A tier's number is ours” in docs/operations.md."
    }
    codes_used_up = {
      title  = "No code is free for a further customer's thread"
      advice = "Such a customer's texts are forwarded without one, so that handlers cannot answer them by text. Close threads that are done; see “The codes are used up” in docs/operations.md."
    }
    overdue = {
      title  = "Relays are overdue"
      advice = "Timers and the sweep were both not doing their work for more than three minutes. docs/operations.md, Nothing moves."
    }
    webhook_refused = {
      title  = "Requests about texts are refused"
      advice = "If they are Twilio's, customers' texts are refused. The line webhook_refused says why and which address was checked; relayctl doctor signs a request and sends it. Reconcile relays what was refused, minutes late. docs/operations.md, Webhooks are refused."
    }
    error = {
      title  = "A function reports an error"
      advice = "Its message says what; the table of log lines in docs/operations.md says what to do."
    }
    repaired = {
      title  = "The sweep or reconcile had to repair something"
      advice = "Nothing is lost. Look for crashed functions, late tasks or webhooks that did not arrive; once is chance, often is a fault."
    }
  }
}
