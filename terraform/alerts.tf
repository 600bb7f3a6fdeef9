# Whom Google tells what, and when. Each policy's text says what to do. What the relay tells by itself, too (it cannot when
# it is down), has the same words: functions/relay/operators/alerting/wording.py; a test holds them.

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "SMS relay: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  depends_on   = [time_sleep.services]
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
  requests = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\""

  # One threshold each: more than `above` in `window_seconds` (summed), or at every moment of it (`lasting`). An incident of
  # its own for each value of the label `by`, which its subject names, too.
  alerts = {
    log = {
      severity = "CRITICAL", filter = local.counted["alerts"], above = 0, window_seconds = 60, aligner = "ALIGN_DELTA", lasting = false
      by       = "metric.label.cause"
      title    = "The log tells of something that people must know"
      advice = join("\n", concat(
        ["**$${metric.label.cause}**, in this list:", ""],
        [for cause, says in local.causes : "- **${cause}**: ${says.title}. ${says.advice}"],
      ))
    }
    answers_5xx = {
      severity = "ERROR", above = 0, window_seconds = 300, aligner = "ALIGN_DELTA", lasting = false
      by       = "resource.label.service_name"
      filter   = "${local.requests} AND resource.label.service_name=monitoring.regex.full_match(\"sms-inbound|sms-delivery-status|escalate-tier-.*|relay-events|sweep|tell\") AND metric.label.response_code_class=\"5xx\""
      title    = "A function answers with errors"
      advice   = "**$${resource.label.service_name}** does. If it is sms-inbound or sms-delivery-status, a webhook: Twilio tries again and reconcile fetches what was lost. If it is another, its timer or event comes again, and the sweep stands behind it. Read the function's log: a store that does not answer, or a fault of ours."
    }
    queue_depth = {
      severity = "WARNING", above = var.queue_depth_alert, window_seconds = 300, aligner = "ALIGN_MAX", lasting = true
      by       = "resource.label.queue_id"
      filter   = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\" AND resource.label.queue_id=starts_with(\"${var.tasks_queue_prefix}-\")"
      title    = "Timers pile up"
      advice   = "Is the queue **$${resource.label.queue_id}** paused, or does its function fail? The sweep does the work meanwhile, 200 relays a minute."
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
        group_by_fields      = [each.value.by]
      }
    }
  }

  alert_strategy {
    auto_close = "3600s"
  }
  documentation {
    subject   = "SMS relay: ${each.value.title} ($${${each.value.by}})"
    mime_type = "text/markdown"
    content   = each.value.advice
    links {
      display_name = "The lines of the log"
      url          = local.alert_lines
    }
    links {
      display_name = "The console"
      url          = "${local.console_base_url}/console/"
    }
  }

  # A policy on a metric that is only minutes old is refused. The functions are slow enough to be waited for.
  depends_on = [google_cloudfunctions2_function.this]
}

locals {
  alert_lines = "https://console.cloud.google.com/logs/query;query=jsonPayload.alert%3A%2A?project=${var.project_id}"
}

# --- Objective -------------------------------------------------------------------------------------------------------

resource "google_monitoring_custom_service" "relay" {
  service_id   = "sms-relay"
  display_name = "SMS relay"
  depends_on   = [time_sleep.services]
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
