# Log-based metrics: the relay's own lines, counted. Event names are those of functions/relay/log/lines.py; tests hold them.

locals {
  our_lines = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in keys(local.functions) : "\"${name}\""])})"

  # What goes to a customer, and what we say to a handler, is no text that came in: such lines have a purpose.
  not_outward = " AND NOT jsonPayload.purpose:*"

  # labels: metric label → field of the line. but: what the filter leaves out.
  counters = {
    texts = {
      description = "Texts taken in, by how they came: received, or recovered because their webhook never arrived"
      events      = ["received", "recovered"]
      labels      = { how = "event" }
      but         = local.not_outward
    }
    # A relay that a person takes after it was delivered or exhausted had ended before.
    finished = {
      description = "Relays that ended, by outcome and the tier they had reached"
      events      = ["delivered", "exhausted", "claimed"]
      labels      = { outcome = "event", tier = "tier" }
      but         = "${local.not_outward} AND NOT jsonPayload.again:*"
    }
    failed_attempts = {
      description = "Attempts that failed, by tier, class of failure and Twilio's code"
      events      = ["attempt_failed"]
      labels      = { tier = "tier", class = "status", code = "error_code" }
    }
    escalations = {
      description = "Relays that went on to another tier, by that tier"
      events      = ["escalated"]
      labels      = { tier = "tier" }
    }
    unclaimed = {
      description = "Texts that a handler got and no person took in the tier's time; the next tier, or an alarm, followed"
      events      = ["escalated", "exhausted"]
      labels      = { tier = "tier" }
      but         = " AND jsonPayload.message:\"not claimed in time\""
    }
    # What people are told of (alerts.tf). Without a signature a refused request is a stranger's, and they come every day.
    alerts = {
      description = "Lines that people are told of, by their cause"
      events      = []
      labels      = { cause = "alert" }
      but         = " AND jsonPayload.alert:* AND NOT jsonPayload.reason=\"no_signature\""
    }
  }
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  name        = "sms_relay/${each.key}"
  description = each.value.description
  filter      = "${local.our_lines}${length(each.value.events) == 0 ? "" : " AND jsonPayload.event=(${join(" OR ", [for event in each.value.events : "\"${event}\""])})"}${try(each.value.but, "")}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
  label_extractors = { for label, field in each.value.labels : label => "EXTRACT(jsonPayload.${field})" }

  depends_on = [time_sleep.services]
}

# Every step that the sweep or reconcile brought about is a repair: something before it was lost.
resource "google_logging_metric" "repairs" {
  name        = "sms_relay/repairs"
  description = "Steps that the sweep or reconcile had to bring about"
  filter      = "${local.our_lines} AND jsonPayload.by=(\"sweep\" OR \"reconcile\")"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key        = "by"
      value_type = "STRING"
    }
    labels {
      key        = "event"
      value_type = "STRING"
    }
  }
  label_extractors = {
    by    = "EXTRACT(jsonPayload.by)"
    event = "EXTRACT(jsonPayload.event)"
  }

  depends_on = [time_sleep.services]
}

# From a text's arrival, in seconds, each as a distribution.
locals {
  durations = {
    seconds_to_delivery = { description = "From a text's arrival to its confirmed delivery", event = "delivered", labels = ["tier"] }
    seconds_to_claim    = { description = "From a text's arrival until a person took it", event = "claimed", labels = [] }
  }
}

resource "google_logging_metric" "seconds" {
  for_each = local.durations

  name            = "sms_relay/${each.key}"
  description     = each.value.description
  filter          = "${local.our_lines} AND jsonPayload.event=\"${each.value.event}\"${local.not_outward}"
  value_extractor = "EXTRACT(jsonPayload.${each.key})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }
  bucket_options {
    exponential_buckets {
      scale              = 1
      growth_factor      = 1.5
      num_finite_buckets = 30
    }
  }

  depends_on = [time_sleep.services]
}

moved {
  from = google_logging_metric.seconds_to_delivery
  to   = google_logging_metric.seconds["seconds_to_delivery"]
}
