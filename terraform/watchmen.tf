# What no line of the log tells: that the watchmen themselves do not work, and that Twilio's address does not answer.

# The watchmen themselves: an answered round is what is missed here, so one that fails counts as none.
locals {
  # A round is missed when none was answered for window_minutes, and that lasts: a first deployment's first round needs
  # minutes to be seen.
  watchmen = {
    sweep = {
      severity = "CRITICAL", window_minutes = 5, lasting_seconds = 420
      title    = "The watch over texts that are stuck (sweep) has not worked for ten minutes"
      advice   = "A lost text would not be found: lost timers are not noticed now."
    }
    reconcile = {
      severity = "ERROR", window_minutes = 20, lasting_seconds = 900
      title    = "The comparison with Twilio's list of texts (reconcile) has not worked for half an hour"
      advice   = "A lost text would not be found: texts whose webhook was lost are not noticed now. The answer says whether Twilio or the store did not answer."
    }
    tell = {
      severity = "CRITICAL", window_minutes = 5, lasting_seconds = 420
      title    = "What tells operators (tell) has not worked for ten minutes"
      advice   = "Operators are told of nothing now, and codes to sign in do not leave. Look at the console yourself."
    }
  }
}

# A condition on absence misses only what was there once, and not what is there as zeros. So the rounds are counted, and
# what has no number counts as none.
resource "google_monitoring_alert_policy" "no_round" {
  for_each = local.watchmen

  display_name          = "SMS relay: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.notification_channels

  conditions {
    display_name = "No successful ${each.key}"
    condition_prometheus_query_language {
      query = join("", [
        "(sum(increase(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",project_id=\"${var.project_id}\",",
        "service_name=\"${each.key}\",response_code_class=\"2xx\"}[${each.value.window_minutes}m])) or vector(0)) < 0.5",
      ])
      duration            = "${each.value.lasting_seconds}s"
      evaluation_interval = "60s"
      # Else it is refused in a project in which no function was ever called: a metric is not there before its first number.
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.advice} Is the schedule relay-${each.key} paused? Run it by hand: gcloud scheduler jobs run relay-${each.key} --location=${var.region}. Read the function's log."
  }

  # Before there is a schedule no round is missed.
  depends_on = [google_cloud_scheduler_job.this]
}

# --- From outside ----------------------------------------------------------------------------------------------------

# The address that Twilio texts to, asked from six places of the world. A GET is no webhook: the relay refuses it in its
# own words, which neither the gateway nor Google says, and loads nothing for it. It leaves an instance warm besides.
resource "google_monitoring_uptime_check_config" "inbound" {
  display_name = "SMS relay: Twilio's address"
  period       = "300s"
  timeout      = "15s" # when Twilio gives up

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project_id, host = trimprefix(local.public_base_urls["sms-inbound"], "https://") }
  }
  http_check {
    request_method = "GET"
    path           = "/sms/inbound"
    port           = 443
    use_ssl        = true
    validate_ssl   = true
    accepted_response_status_codes {
      status_value = 405
    }
  }
  content_matchers {
    content = "Only POST is answered here."
    matcher = "CONTAINS_STRING"
  }

  depends_on = [google_cloud_run_v2_service_iam_binding.invokers, google_api_gateway_gateway.this]
}

resource "google_monitoring_alert_policy" "unreachable" {
  display_name          = "SMS relay: Twilio's address does not answer"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.notification_channels

  conditions {
    display_name = "From more than one place, for ten minutes"
    condition_threshold {
      filter          = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.label.check_id=\"${google_monitoring_uptime_check_config.inbound.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "600s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Customers' texts are refused while it lasts; Twilio tries again for seconds, and reconcile finds in Twilio's list what was lost. Open the address in a browser: it says “Only POST is answered here.” A 403 or 404 of Google's: the gateway may not call the function, or is gone; `terraform plan` shows it. A 5xx: read the log of sms-inbound. docs/operations.md, Nothing moves."
  }

  # A check that an alert is about cannot be deleted, and another host needs another check: the alert goes first. (Made
  # before the old one is destroyed, the check would take all that it needs along in that order, the gateway and the
  # functions, whose names cannot be there twice.)
  lifecycle {
    replace_triggered_by = [google_monitoring_uptime_check_config.inbound.monitored_resource]
  }
}
