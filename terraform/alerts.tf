# Who is told what, and when. Each policy's text says what to do.

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "SMS relay: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  depends_on   = [google_project_service.this]
}

# A warning of every plan, not an error: a business that watches the console on a wall may not want any.
check "alerts_have_a_channel" {
  assert {
    condition     = length(var.alert_emails) + length(var.notification_channels) > 0
    error_message = "Nothing tells of a text that reached no handler: the alerts have no channel. Set alert_emails or notification_channels."
  }
}

locals {
  notification_channels = concat(var.notification_channels, [for channel in google_monitoring_notification_channel.email : channel.name])

  counted  = { for name, metric in google_logging_metric.counter : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND resource.type=\"cloud_run_revision\"" }
  repaired = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.repairs.name}\" AND resource.type=\"cloud_run_revision\""
  noted    = { for name, metric in google_logging_metric.note : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND resource.type=\"cloud_run_revision\"" }
  requests = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\""

  # One threshold each: more than `above` in `window_seconds` (summed), or at every moment of it (`lasting`).
  alerts = {
    relay_exhausted = {
      severity = "CRITICAL", filter = local.counted["alarms"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "A customer's text reached no handler"
      advice   = "Open the console, call the customer, find out why every tier failed, then redrive the relay."
    }
    repaired = {
      severity = "WARNING", filter = local.repaired, above = 0, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      title    = "The sweep or reconcile had to repair something"
      advice   = "Nothing is lost. Look for crashed functions, late tasks or webhooks that did not arrive; once is chance, often is a fault."
    }
    sender_or_account_error = {
      severity = "CRITICAL", filter = local.counted["sender_or_account_errors"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "Twilio refuses our number, account or settings"
      advice   = "The code on the metric says why, and “Twilio refuses us” in docs/operations.md what to do about it. Afterwards redrive what was exhausted."
    }
    outage = {
      severity = "ERROR", filter = local.counted["outages"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "Texts wait for Twilio"
      advice   = "Nothing is lost, and no tier is used up for ten minutes; after that the tiers' own schedules decide. “Texts wait for Twilio” in docs/operations.md says what to look at."
    }
    handler_opted_out = {
      severity = "ERROR", filter = local.counted["handler_opt_outs"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "A handler texted STOP and gets no more texts"
      advice   = "Have the handler text START to the business number; until then the next tier gets the texts."
    }
    not_forwarded = {
      severity = "ERROR", filter = local.counted["not_forwarded"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "Texts of a customer are kept and go to no handler"
      advice   = "The cause on the metric: sender_held_back (a flood; read the texts and send them on, or have the robot stopped), or handlers_number_is_ours (a tier's number is connected to the relay). See both in docs/operations.md."
    }
    answer_lost = {
      severity = "CRITICAL", filter = local.counted["answers_lost"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "An answer did not reach its customer"
      advice   = "No handler knows of it. Call the customer; see “An answer did not reach its customer” in docs/operations.md."
    }
    codes_used_up = {
      severity = "ERROR", filter = local.counted["codes_used_up"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "No code is free for a customer's thread"
      advice   = "Such a customer's texts are forwarded without one, so that handlers cannot answer them by text. Close threads that are done; see “The codes are used up” in docs/operations.md."
    }
    set_aside = {
      severity = "CRITICAL", filter = local.counted["set_aside"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "A text waits for a person: its relay cannot go on"
      advice   = "The line set_aside says why. Call the customer, then see “A relay was set aside” in docs/operations.md."
    }
    sweep_failures = {
      severity = "ERROR", filter = local.noted["sweep_failures"], above = 1, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      title    = "The sweep cannot go on with some relays"
      advice   = "The other lines of the sweep's log say why: a store that does not answer, or relays that are being set aside. docs/operations.md, Nothing moves."
    }
    overdue = {
      severity = "ERROR", filter = local.noted["overdue"], above = 0, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      title    = "Relays are overdue"
      advice   = "Timers and the sweep were both not doing their work for more than three minutes. docs/operations.md, Nothing moves."
    }
    errors = {
      severity = "WARNING", filter = local.noted["errors"], above = 0, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      title    = "A function reports an error"
      advice   = "Its message says what; the table of log lines in docs/operations.md says what to do."
    }
    not_taken_in = {
      severity = "CRITICAL", filter = local.counted["not_taken_in"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "A text in Twilio's list cannot be relayed"
      advice   = "The line names its id and why. Read it in Twilio's message log and call the customer; “A text was not taken in” in docs/operations.md says more."
    }
    left_to_newer = {
      severity = "CRITICAL", filter = local.counted["left_to_newer"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      title    = "Texts wait for a newer revision"
      advice   = "It was taken back after it had changed what a record means. Deploy it again; if that cannot be soon, read the records and call the customers."
    }
    webhooks_refused = {
      severity = "WARNING", above = 0, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      # Without a signature it is a stranger's, and strangers come by every day.
      filter = "${local.counted["refused_webhooks"]} AND metric.label.reason!=\"no_signature\""
      title  = "Webhooks are refused"
      advice = "If they are Twilio's, every text is refused. The line webhook_refused says why and which address was checked; relayctl doctor signs a request and sends it. Reconcile relays what was refused, minutes late. docs/operations.md, Webhooks are refused."
    }
    webhook_5xx = {
      severity = "ERROR", above = 0, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      filter   = "${local.requests} AND resource.label.service_name=one_of(\"sms-inbound\", \"sms-delivery-status\") AND metric.label.response_code_class=\"5xx\""
      title    = "A webhook answers with errors"
      advice   = "Twilio tries again and reconcile fetches what was lost. Read the function's log: a store that does not answer, or a fault of ours."
    }
    background_5xx = {
      severity = "ERROR", above = 0, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      filter   = "${local.requests} AND resource.label.service_name=monitoring.regex.full_match(\"escalate-tier-.*|relay-events|sweep\") AND metric.label.response_code_class=\"5xx\""
      title    = "A function that goes on with relays answers with errors"
      advice   = "Its timer or event comes again, and the sweep stands behind it. Read the function's log: a store that does not answer, or a fault of ours."
    }
    queue_depth = {
      severity = "WARNING", above = var.queue_depth_alert, window_seconds = 300, aligner = "ALIGN_MAX", lasting = true
      filter   = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\" AND resource.label.queue_id=starts_with(\"${var.tasks_queue_prefix}-\")"
      title    = "Timers pile up"
      advice   = "Is the queue paused, or does its function fail? The sweep does the work meanwhile, 200 relays a minute."
    }
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each = local.alerts

  display_name          = "SMS relay: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.notification_channels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.lasting ? "${each.value.window_seconds}s" : "0s"
      aggregations {
        alignment_period     = each.value.lasting ? "60s" : "${each.value.window_seconds}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.lasting ? "REDUCE_MAX" : "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "3600s"
  }
  documentation {
    mime_type = "text/markdown"
    content   = each.value.advice
  }

  # A policy on a metric that is only minutes old is refused. The functions are slow enough to be waited for.
  depends_on = [google_cloudfunctions2_function.this]
}

# The watchmen themselves: an answered round is what is missed here, so one that fails counts as none.
locals {
  watchmen = {
    sweep = {
      severity = "CRITICAL", missing_seconds = 300
      title    = "No sweep for five minutes"
      advice   = "Lost timers are not noticed now."
    }
    reconcile = {
      severity = "ERROR", missing_seconds = 1800
      title    = "No comparison with Twilio for half an hour"
      advice   = "Texts whose webhook was lost are not noticed now. The answer says whether Twilio or the store did not answer."
    }
  }
}

resource "google_monitoring_alert_policy" "no_round" {
  for_each = local.watchmen

  display_name          = "SMS relay: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.notification_channels

  conditions {
    display_name = "No successful ${each.key}"
    condition_absent {
      filter   = "${local.requests} AND resource.label.service_name=\"${each.key}\" AND metric.label.response_code_class=\"2xx\""
      duration = "${each.value.missing_seconds}s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.advice} Is the schedule relay-${each.key} paused? Run it by hand: gcloud scheduler jobs run relay-${each.key} --location=${var.region}. Read the function's log."
  }

  depends_on = [google_cloudfunctions2_function.this] # as above
}

# --- Objective -------------------------------------------------------------------------------------------------------

resource "google_monitoring_custom_service" "relay" {
  service_id   = "sms-relay"
  display_name = "SMS relay"
  depends_on   = [google_project_service.this]
}

resource "google_monitoring_slo" "reached_a_handler" {
  service             = google_monitoring_custom_service.relay.service_id
  slo_id              = "reached-a-handler"
  display_name        = "Relays that reached a final state other than exhausted"
  goal                = var.slo_goal
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      total_service_filter = local.counted["finished"]
      bad_service_filter   = "${local.counted["finished"]} AND metric.label.outcome=\"exhausted\""
    }
  }

  depends_on = [google_cloudfunctions2_function.this] # as above
}
