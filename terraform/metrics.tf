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
    alarms = {
      description = "Relays that reached no handler"
      events      = ["alarm"]
      labels      = {}
    }
    sender_or_account_errors = {
      description = "Refusals that are ours to put right, by Twilio's code"
      events      = ["sender_or_account_error", "sender_error_here", "setting_error", "refused_for_unknown_reason"]
      labels      = { code = "error_code" }
    }
    outages = {
      description = "Causes for which texts wait: Twilio cannot be reached, or refuses us at every tier; once for each outage"
      events      = ["outage"]
      labels      = { class = "status" }
    }
    not_forwarded = {
      description = "Customers' texts that are kept and go to no handler: senders held back, and tiers' numbers that are ours"
      events      = ["sender_held_back", "handlers_number_is_ours"]
      labels      = { cause = "event" }
    }
    answers_lost = {
      description = "Answers that did not reach their customer, and of which no handler knows; once for each"
      events      = ["answer_lost"]
      labels      = {}
    }
    codes_used_up = {
      description = "Times at which no code was free for a customer's thread; at most one in ten minutes of each process"
      events      = ["codes_used_up"]
      labels      = {}
    }
    not_taken_in = {
      description = "Texts in Twilio's list that cannot be relayed; once for each"
      events      = ["not_taken_in"]
      labels      = {}
    }
    left_to_newer = {
      description = "Records of a later version, left to a newer revision; once for each record and process"
      events      = ["left_to_newer"]
      labels      = {}
    }
    set_aside = {
      description = "Relays that cannot go on by themselves; once for each and process"
      events      = ["set_aside"]
      labels      = {}
    }
    refused_webhooks = {
      description = "Refused requests to the webhooks, by reason and route; at most one a minute of each and process"
      events      = ["webhook_refused"]
      labels      = { reason = "reason", route = "path" }
    }
    handler_opt_outs = {
      description = "Handlers whose phone Twilio blocks because they texted STOP"
      events      = ["handler_opted_out"]
      labels      = { tier = "tier" }
    }
  }
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  name        = "sms_relay/${each.key}"
  description = each.value.description
  filter      = "${local.our_lines} AND jsonPayload.event=(${join(" OR ", [for event in each.value.events : "\"${event}\""])})${try(each.value.but, "")}"

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

  depends_on = [google_project_service.this]
}

# What the rounds of the sweep report, and errors that no other line tells of: metric → description, and its condition.
locals {
  notes = {
    sweep_failures = {
      description = "Rounds of the sweep in which relays could not go on"
      condition   = "jsonPayload.message=\"sweep\" AND jsonPayload.failed>0"
    }
    overdue = {
      description = "Rounds of the sweep that met relays which had been due for more than three minutes"
      condition   = "jsonPayload.message=\"sweep\" AND jsonPayload.overdue>0"
    }
    errors = {
      description = "Errors that no other line tells of"
      condition   = "severity>=ERROR"
    }
  }
}

resource "google_logging_metric" "note" {
  for_each = local.notes

  name        = "sms_relay/${each.key}"
  description = each.value.description
  filter      = "${local.our_lines} AND jsonPayload.event=\"note\" AND ${each.value.condition}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }

  depends_on = [google_project_service.this]
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

  depends_on = [google_project_service.this]
}

resource "google_logging_metric" "seconds_to_delivery" {
  name            = "sms_relay/seconds_to_delivery"
  description     = "From a text's arrival to its confirmed delivery"
  filter          = "${local.our_lines} AND jsonPayload.event=\"delivered\"${local.not_outward}"
  value_extractor = "EXTRACT(jsonPayload.seconds_to_delivery)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
    labels {
      key        = "tier"
      value_type = "STRING"
    }
  }
  label_extractors = { tier = "EXTRACT(jsonPayload.tier)" }
  bucket_options {
    exponential_buckets {
      scale              = 1
      growth_factor      = 1.5
      num_finite_buckets = 30
    }
  }

  depends_on = [google_project_service.this]
}
